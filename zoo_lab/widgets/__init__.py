"""What people see of a run: widgets, pictures and text, all listeners of core.events that know nothing of Spark.

curves keep a run's numbers · packets carry them to training_monitor's page · twin is the picture that stays · progress
prints · cell and choose decide what is shown where · board tells the Jupyter server.
"""
