"""LeNet-5 from the 1998 paper by LeCun, Bottou, Bengio and Haffner, layer by layer.

    from lenet.data import mnist
    from lenet.networks import LeNet5, LeNet5_1998
    from lenet.ledger import table

One idea a file. Read them in this order: paper, layers, networks, ledger; idx, data, images;
losses, training, sdlm; weights, results, plots; cli.
"""
