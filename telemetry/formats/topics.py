"""Topics of MQTT as names of readings, by a template such as `{site}/{asset}/{sensor}`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

PARTS = ("site", "asset", "sensor")
_ANY = "+"


@dataclass(frozen=True, slots=True)
class Template:
    """Levels of a topic: a part in braces, `+` for any level, or text that must be there."""

    levels: tuple[str, ...]

    def name(self, topic: str) -> str | None:
        """The name for readings of a topic, `<asset>/<sensor>`; None for one that does not fit.

        A template without a sensor gives `<asset>`, to which fields of a payload are added.
        """
        levels = topic.split("/")
        if len(levels) != len(self.levels):
            return None
        found = {}
        for mine, theirs in zip(self.levels, levels, strict=True):
            if mine[:1] == "{":
                if not theirs:
                    return None
                found[mine[1:-1]] = theirs
            elif mine not in (_ANY, theirs):
                return None
        return "/".join(found[part] for part in ("asset", "sensor") if part in found)


def template(text: str) -> Template:
    """Read a template. Raises ValueError with a sentence for people."""
    levels = tuple(text.strip().strip("/").split("/"))
    parts = [level[1:-1] for level in levels if level[:1] == "{" and level[-1:] == "}"]
    for level in levels:
        braces = "{" in level or "}" in level
        if braces and not (level[:1] == "{" and level[-1:] == "}" and level[1:-1] in PARTS):
            raise ValueError(
                f"{level!r} is no level of a topic template: write {{site}}, {{asset}},"
                " {sensor}, + for any level, or plain text."
            )
    if "asset" not in parts:
        raise ValueError(
            f"The topic template {text!r} has no {{asset}}: write it like {{site}}/{{asset}}/"
            "{sensor}, or leave it out, and the topics themselves are the names."
        )
    if len(set(parts)) < len(parts):
        raise ValueError(f"The topic template {text!r} names a part twice.")
    return Template(levels)


def namer(texts: Iterable[str]) -> Callable[[str], str]:
    """How topics become names: by the first template that fits, else as they are.

    Raises ValueError with a sentence for people.

    >>> name_of = namer(["plant/{site}/{asset}/{sensor}", "plant/{asset}"])
    >>> [name_of(topic) for topic in ("plant/north/P-101A/temp", "plant/P-101A", "lab/7")]
    ['P-101A/temp', 'P-101A', 'lab/7']
    """
    templates = [template(text) for text in texts]

    def name_of(topic: str) -> str:
        names = (known.name(topic) for known in templates)
        return next((name for name in names if name is not None), topic)

    return name_of


def filter_problem(text: str) -> str | None:
    """Why this is no filter of topics to listen to; None when it is.

    >>> filter_problem("plant/#/temp")
    "'plant/#/temp' is no topic filter: # stands alone in the last level only."
    """
    levels = text.split("/")
    if not text or len(text.encode()) > 65_535 or "\0" in text:
        return "A topic filter has 1 to 65,535 bytes and no NUL."
    if any("#" in level and level != "#" for level in levels) or "#" in levels[:-1]:
        return f"{text!r} is no topic filter: # stands alone in the last level only."
    if any(_ANY in level and level != _ANY for level in levels):
        return f"{text!r} is no topic filter: + stands alone in a level."
    return None
