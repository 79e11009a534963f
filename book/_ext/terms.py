"""Links the terms of the glossary where a notebook's page first uses them."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

NOT_PROSE = (
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
)
# Of words with another meaning too, the form in which they are the term.
FORMS = {"flatten": r"flatten(?!s)"}
TERM_CLASSES = ["xref", "std", "std-term"]  # Sphinx's own, for {term}


def term_pattern(terms) -> re.Pattern:
    """Matches each of the terms, singular or plural; of two that begin alike the longer one."""
    longest_first = sorted(terms, key=len, reverse=True)
    words = "|".join(
        FORMS.get(term, re.escape(term).replace(r"\ ", r"\s+")) for term in longest_first
    )
    return re.compile(rf"(?<![\w-])({words})(?:s|es)?(?![\w-])", re.IGNORECASE)


def key(term: str) -> str:
    return " ".join(term.split()).lower()


def link_terms(document, glossary: dict[str, tuple[str, str]], builder, docname: str):
    """Make the first use of each term in `document` a link.

    `glossary` gives the page and the anchor of each term.
    """
    pattern = term_pattern(glossary)
    targets = {key(term): target for term, target in glossary.items()}
    for text in list(document.findall(nodes.Text)):
        parent = text.parent
        if any(isinstance(above, (*NOT_PROSE, nodes.reference)) for above in ancestors(text)):
            continue
        pieces, end = [], 0
        for found in pattern.finditer(text):
            target = targets.pop(key(found[1]), None)
            if target:
                words = nodes.inline("", found[0], classes=TERM_CLASSES)
                pieces.append(nodes.Text(text[end : found.start()]))
                pieces.append(make_refnode(builder, docname, *target, words))
                end = found.end()
        if pieces:
            parent.replace(text, [p for p in [*pieces, nodes.Text(text[end:])] if p.astext()])


def ancestors(node):
    while node.parent is not None:
        node = node.parent
        yield node


class GlossaryLinks(SphinxPostTransform):
    default_priority = 20  # after the references are resolved: words inside a link stay that link's

    def run(self):
        if Path(self.env.doc2path(self.env.docname)).suffix == ".ipynb":
            glossary = {
                name: (page, anchor)
                for name, _, kind, page, anchor, _ in self.env.domains["std"].get_objects()
                if kind == "term"
            }
            link_terms(self.document, glossary, self.app.builder, self.env.docname)


def setup(app):
    app.add_post_transform(GlossaryLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
