"""The paper's numbers, and the summary's, as data: what the code is compared with.

Everything is read from ``paper.json``. Nothing here is computed, and nothing in the rest of
``lenet`` types a number of the paper a second time.
"""

import json
from importlib.resources import files

FACTS = json.loads((files("lenet") / "paper.json").read_text(encoding="utf-8"))

LAYERS = FACTS["layers"]  # section II-B, a row a layer
SQUASH = FACTS["squash"]  # appendix A: A and S of f(a) = A tanh(S a)
FIRST_WEIGHTS = FACTS["first_weights"]  # appendix A: the range is +-2.4 / F
TOTALS = FACTS["totals"]  # 60,000 trainable parameters, 340,908 connections
PIXELS = FACTS["pixels"]  # section II: background -0.1, foreground 1.175
C3_INPUTS = FACTS["c3_inputs"]  # Table I: for each of C3's 16 maps, the maps of S2 it sees
BITMAPS = FACTS["rbf_bitmaps"]  # Fig. 3: twelve rows of seven pixels for each digit
SCHEDULE = FACTS["schedule"]  # section III-B and appendix C
REJECTION = FACTS["rejection"]  # Fig. 10: the error that is allowed on accepted digits
NOISE = FACTS["noise"]  # Fig. 13: the share of inverted pixels in training
FIG5 = FACTS["fig5_error_percent_by_pass"]
FIG8_ERRORS = FACTS["fig8_errors"]  # the 82 test digits the paper's network gets wrong
FIG9 = {row["method"]: row for row in FACTS["fig9"]}  # Figs. 9 to 12: 27 classifiers, by their tags
SUMMARY = FACTS["summary"]  # the table and the accuracy this course was asked to reproduce
