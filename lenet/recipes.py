"""How the networks of the command line are trained, unless told otherwise."""

from torch.nn import functional as F

from lenet.adam import Adam
from lenet.losses import MaximumAPosteriori
from lenet.sdlm import SDLM
from lenet.shown import Shifted

# "short" and "long" were chosen on 5,000 held-out training images, whose every candidate is in
# results/summary-recipes.json: the short one had the fewest errors among those that show the images
# as they are, the long one the fewest of all. "paper" is what the paper says (`lenet.sdlm.SDLM`).
RECIPES = {
    "short": Adam(epochs=8, peak_rate=0.003),
    "long": Adam(epochs=40, peak_rate=0.003, weight_decay=0.1, show=Shifted(1)),
    "paper": SDLM(),
}
RECIPE_OF = {"lenet5": "short", "lenet5-1998": "paper"}  # by the names of `lenet.networks`

# The paper does not say which of its losses trained LeNet-5, nor j. Eq. 9 with j = 1 had the fewest
# errors on held-out training images (results/fig5-choice.json).
LOSS_OF = {"lenet5": F.cross_entropy, "lenet5-1998": MaximumAPosteriori(j=1.0)}
