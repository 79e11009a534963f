"""How far the summary's network goes in five minutes a seed: the long recipe; five seeds."""

from lenet.recipes import LONG
from lenet_paper.experiments.summary import of_recipe

ABOUT = "how far the summary's network goes: the long recipe, five seeds"
EXPERIMENT = of_recipe("summary-long", ABOUT, LONG)
