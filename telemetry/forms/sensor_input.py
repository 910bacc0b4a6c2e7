"""A text field that offers sensors, written `<asset tag>/<key>`, and finds others as one types."""

from urllib.parse import urlencode

from django.urls import reverse

SENSOR_LIST = "sensor-names"
"""Id of the `<datalist>` on the page, which holds the first ones."""


def searching(organization_id: int, *, only_taking: bool) -> dict[str, str]:
    """Attributes of the `<input>`, which is named `sensor`."""
    query = {"organization": organization_id} | ({"taking": 1} if only_taking else {})
    return {
        "list": SENSOR_LIST,
        "autocomplete": "off",
        "spellcheck": "false",
        "hx-get": f"{reverse('telemetry:sensor_names')}?{urlencode(query)}",
        "hx-trigger": "input changed delay:250ms",
        "hx-target": f"#{SENSOR_LIST}",
        "hx-swap": "innerHTML",
        "hx-sync": "this:replace",
        "hx-params": "sensor",
        "hx-disabled-elt": "unset",  # That of its form names a button, which it does not have.
    }
