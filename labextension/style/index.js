import '../../zoo_lab/widgets/static/training_monitor.css';
import './base.css';
import './panel.css';
