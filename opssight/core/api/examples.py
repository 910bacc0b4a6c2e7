"""Examples of the OpenAPI document, made from the schemas and typical values of their fields."""

import re
from dataclasses import dataclass
from typing import Any

JSON = dict[str, Any]

# By name of the field; `Component.field` where the name alone does not tell.
VALUES: JSON = {
    "Asset.name": "Feed pump A",
    "AssetGroup.name": "Critical pumps",
    "AssetGroup.description": "Pumps without a standby.",
    "MeterTrigger.unit": "h",
    "Site.name": "North plant",
    "Technician.name": "Tom Miller",
    "access": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl",
    "anomaly_count": 2,
    "asset_name": "Feed pump A",
    "asset_tag": "P-101A",
    "attributes": {"rated_power_kw": 45},
    "category": "pump",
    "code": "NORTH",
    "count": 1,
    "current_risk": 42.5,
    "description": "Seal leaks since Monday.",
    "detail": "Everything is well.",
    "explanation": "Vibration reads 7.1 mm/s; about 2.8 was expected.",
    "failure_mode": "bearing wear",
    "first_name": "Tom",
    "holidays": "DE-BY",
    "hourly_cost": "54.00",
    "instructions": "Check the oil level. Grease both bearings.",
    "key": "vibration_de",
    "last_name": "Miller",
    "manufacturer": "Flowline",
    "method": "seasonal_naive",
    "model": "FX-200",
    "next": None,
    "notes": "Outer race worn. Bearing replaced, grease renewed.",
    "number": "WO-20260301-00001",
    "password": "opssight-demo",
    "pause_from": "12-20",
    "pause_to": "01-06",
    "performed_by_name": "Tom Miller",
    "previous": None,
    "quantity": "vibration",
    "reason": "Vibration rose for three days.",
    "refresh": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoyfQ.c2lnbmF0dXJl",
    "rule": "FREQ=MONTHLY;BYDAY=2TU",
    "score": 61.2,
    "sensor_key": "vibration_de",
    "serial_number": "FX2-0093",
    "site_name": "North plant",
    "skills": ["bearings", "alignment"],
    "source_tag": "P-101A",
    "subject": "P-101A: vibration is higher than expected",
    "tag": "P-101A",
    "target_tag": "P-101B",
    "technician_name": "Tom Miller",
    "timezone": "Europe/Berlin",
    "title": "Replace the mechanical seal",
    "unit": "mm/s",
    "url": "/assets/1/",
    "username": "planner",
    "weekly_capacity_hours": "38.5",
    "work_order_number": "WO-20260301-00001",
}
FORMATS: JSON = {
    "date-time": "2026-03-01T12:00:00Z",
    "date": "2026-03-01",
    "decimal": "1.00",
    "email": "tom@example.com",
    "uri": "https://example.com/hooks/opssight",
    "uuid": "0198a1f0-c2e1-7b7c-9d35-0a4f5c1e2d3b",
}
DEPTH = 6


def complete_examples(document: JSON) -> None:
    """Give every body and answer without an example one that follows its schema."""
    schemas = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            _complete(operation.get("requestBody", {}), Examples(schemas, hidden="readOnly"))
            for answer in operation["responses"].values():
                _complete(answer, Examples(schemas, hidden="writeOnly"))


def _complete(body: JSON, examples: "Examples") -> None:
    for media in body.get("content", {}).values():
        if "schema" in media and not {"example", "examples"} & media.keys():
            media["example"] = examples.of(media["schema"])


@dataclass(frozen=True, slots=True)
class Examples:
    """Makes values that follow a schema, without the fields that are `hidden` (read or write)."""

    schemas: JSON
    hidden: str

    def of(self, schema: JSON, owner: str = "", name: str = "", depth: int = 0) -> Any:
        """A value for the schema; `owner` is the component that has it as field `name`."""
        is_choice = bool({"$ref", "enum", "allOf", "oneOf"} & schema.keys())
        for key in (f"{owner}.{name}", "" if is_choice else name):
            if key in VALUES and _fits(VALUES[key], schema):
                return VALUES[key]
        if "example" in schema:
            return schema["example"]
        if "$ref" in schema:
            component = schema["$ref"].rsplit("/", 1)[1]
            return self.of(self.schemas[component], _base(component), name, depth)
        for several in ("allOf", "oneOf", "anyOf"):
            if schema.get(several):
                return self.of(schema[several][0], owner, name, depth)
        if "enum" in schema:
            return schema["enum"][0]
        return self._of_type(schema, owner, name, depth)

    def _of_type(self, schema: JSON, owner: str, name: str, depth: int) -> Any:
        match _type(schema):
            case "object":
                return {
                    key: self.of(part, owner, key, depth + 1)
                    for key, part in schema.get("properties", {}).items()
                    if depth < DEPTH and not part.get(self.hidden)
                }
            case "array":
                return [self.of(schema["items"], owner, name, depth + 1)] if depth < DEPTH else []
            case "string":
                return FORMATS.get(schema.get("format", ""), "Text")
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
        return None


def _type(schema: JSON) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "")
    return str(kind[0] if isinstance(kind, list) else kind)


TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "array": list,
}


def _fits(value: Any, schema: JSON) -> bool:
    """Whether a value of the table is of a type and a form that the schema allows."""
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if value is None:
        return "null" in kinds
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        return False
    return not kinds or any(isinstance(value, TYPES.get(kind, ())) for kind in kinds)


def _base(component: str) -> str:
    """`PatchedAssetDetailRequest` is an Asset."""
    name = component.removeprefix("Patched").removesuffix("Request")
    return name.removesuffix("Update").removesuffix("Detail")
