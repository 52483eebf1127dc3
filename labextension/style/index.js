import '../../zoo_lab/widgets/static/training_monitor.css';
import '../../zoo_lab/widgets/static/monitor_charts.css';
import '../../zoo_lab/widgets/static/monitor_actions.css';
import '../../zoo_lab/widgets/static/boxes.css';
import './base.css';
import './panel.css';
