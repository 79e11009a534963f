"""What was measured and how: the classifiers of Fig. 9, the experiments, and their runner.

`lenet` is the networks and their training; nothing there needs this package, but for the command
``python -m lenet reproduce NAME``. An experiment (`experiment.Experiment`, one file each in
`experiments`) is data and one function; `runner` runs any of them, `record` keeps its rows.
"""
