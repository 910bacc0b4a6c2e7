from whitenoise.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)

# Django's own: off unless asked for of every file.
IMPORTS = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]  # noqa: SLF001


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names each file by its hash, also where one module of `js/offline/` imports another.

    Of those alone: Django would look for imports in the minified files of others, too.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/offline/*.js", IMPORTS),
    )
