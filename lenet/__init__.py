"""LeNet-5 from the 1998 paper by LeCun, Bottou, Bengio and Haffner, layer by layer.

    from lenet.data import mnist
    from lenet.networks import LeNet5, LeNet5_1998
    from lenet.ledger import table

One idea a file. An order to read them in: paper, layers, networks, ledger; idx, sources, data,
images; initial, evaluation, fast, training, checkpoint; losses, sdlm, compiled; files, weights,
results, plots; classifiers, experiments, cli.
"""
