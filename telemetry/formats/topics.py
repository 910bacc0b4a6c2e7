"""Topics of MQTT as names of readings, by a template such as `{site}/{asset}/{sensor}`."""

from collections.abc import Callable
from dataclasses import dataclass

PARTS = ("site", "asset", "sensor")
_ANY = "+"


@dataclass(frozen=True, slots=True)
class Template:
    """Levels of a topic: a part in braces, `+` for any level, or text that must be there."""

    levels: tuple[str, ...]

    def name(self, topic: str) -> str:
        """The name for readings of a topic: `<asset>/<sensor>`, or the topic that does not fit.

        A template without a sensor gives `<asset>`, to which fields of a payload are added.

        >>> template("plant/{site}/{asset}/{sensor}").name("plant/north/P-101A/temp")
        'P-101A/temp'
        >>> template("plant/{site}/{asset}/{sensor}").name("lab/7")
        'lab/7'
        """
        levels = topic.split("/")
        if len(levels) != len(self.levels):
            return topic
        found = {}
        for mine, theirs in zip(self.levels, levels, strict=True):
            if mine[:1] == "{":
                if not theirs:
                    return topic
                found[mine[1:-1]] = theirs
            elif mine not in (_ANY, theirs):
                return topic
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


def namer(text: str) -> Callable[[str], str]:
    """How topics become names: by the template, or, where it is empty, as they are."""
    return template(text).name if text.strip() else str


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
