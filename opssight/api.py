"""The API's one router. A path ends with or without a slash."""

from rest_framework.routers import DefaultRouter

router = DefaultRouter(trailing_slash="/?")
router.include_format_suffixes = False
