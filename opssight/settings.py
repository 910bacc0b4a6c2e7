"""Every setting. Each one that differs between machines comes from the environment."""

import os
from datetime import timedelta
from pathlib import Path

import environ
from celery.schedules import crontab
from corsheaders.defaults import default_headers
from csp.constants import NONCE, NONE, SELF
from django.templatetags.static import static

from opssight.accounts import oidc
from opssight.core import storage
from opssight.runtime import locations
from opssight.runtime.secret_files import with_secret_files

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# A secret X may stand in a file that X_FILE names.
env.ENVIRON = with_secret_files(os.environ)

# Demo mode makes the three demo logins and keeps the simulated plant living.
DEMO = env.bool("OPSSIGHT_DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or locations.secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "opssight.core.apps.OpsSightAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "axes",
    "pgtrigger",
    "timescale",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "template_partials",
    "csp",
    "corsheaders",
    "opssight.accounts",
    "opssight.idempotency",
    "opssight.core",
    "opssight.audit",
    "assets",
    "opssight.access",
    "notifications",
    "maintenance",
    "telemetry",
    "anomalies",
    "forecasts",
    "opssight.dashboard",
    "opssight.demo",
]

MIDDLEWARE = [
    "opssight.core.request_id.RequestIdMiddleware",
    "opssight.core.logs.AccessLogMiddleware",
    "opssight.core.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "opssight.core.csp.ContentSecurityPolicy",
    "corsheaders.middleware.CorsMiddleware",
    "opssight.core.limits.ApiLimitsMiddleware",
    "opssight.core.uploads.BodyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "opssight.core.middleware.WallsMiddleware",
    "opssight.access.middleware.ActAsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "opssight.core.middleware.OrganizationTimeZoneMiddleware",
    "opssight.core.middleware.RateLimitMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "opssight.urls"
WSGI_APPLICATION = "opssight.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "opssight.core.context_processors.product",
            ],
        },
    },
]

# -- Database ------------------------------------------------------------------------------------
# Whoever the URL logs in as, the product works as this role, which row-level security binds;
# `migrate` alone works as the one who logged in, and owns the tables.
DATABASE_URL = env.str("DATABASE_URL", default="") or locations.database_url()
DATABASE_ROLE = locations.DATABASE_ROLE
# Behind a pooler in transaction mode nothing holds for a session: the login must be the role.
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
_database = environ.Env.db_url_config(DATABASE_URL)
_role = {} if DATABASE_POOLED else {"assume_role": DATABASE_ROLE}
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "opssight.core.timescale",
        "OPTIONS": {**_database.get("OPTIONS", {}), **_role},
        "POOLED": DATABASE_POOLED,
        "DISABLE_SERVER_SIDE_CURSORS": DATABASE_POOLED,
        "ATOMIC_REQUESTS": True,
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
    }
}
# Seconds that one statement of a web request may take, whatever somebody searches for.
STATEMENT_TIMEOUT = env.int("STATEMENT_TIMEOUT", default=30)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Broker and cache ----------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="") or locations.redis_url()
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "opssight",
    }
}

CELERY_BROKER_URL = locations.celery_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_ROUTES = {
    "anomalies.tasks.watch_scoring*": {"queue": "notifications"},
    "anomalies.tasks.*": {"queue": "analysis"},
    "forecasts.tasks.*": {"queue": "analysis"},
    "notifications.tasks.*": {"queue": "notifications"},
    "maintenance.tasks.mail_reporters*": {"queue": "notifications"},
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "score-new-readings": {
        "task": "anomalies.tasks.score_new_readings",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "watch-scoring": {
        "task": "anomalies.tasks.watch_scoring",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "fit-machines": {
        "task": "anomalies.tasks.refit_machines",
        "schedule": crontab(hour=0, minute=40),
    },
    "look-for-trends": {
        "task": "anomalies.tasks.look_for_trends",
        "schedule": crontab(hour=1, minute=10),
    },
    "judge-forecasts": {
        "task": "forecasts.tasks.judge_forecasts",
        "schedule": crontab(hour=0, minute=5),
    },
    "train-forecasts": {
        "task": "forecasts.tasks.train_forecasts",
        "schedule": crontab(hour=0, minute=20),
    },
    "forecast-and-risk": {
        "task": "forecasts.tasks.refresh_forecasts",
        "schedule": crontab(hour=1, minute=30),
    },
    "learn-lives": {
        "task": "forecasts.tasks.learn_lives",
        "schedule": crontab(hour=2, minute=10),
    },
    "predict-lives": {
        "task": "forecasts.tasks.predict_lives",
        "schedule": crontab(minute=20),
        "options": {"expires": 900},
    },
    "risk": {
        "task": "forecasts.tasks.refresh_risk",
        "schedule": timedelta(minutes=15),
        "options": {"expires": 900},
    },
    "data-quality": {
        "task": "telemetry.tasks.watch_data_quality",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
    "figures-of-hours-and-days": {
        "task": "telemetry.tasks.refresh_aggregates",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "remove-old-readings": {
        "task": "telemetry.tasks.remove_old_readings",
        "schedule": crontab(hour=2, minute=40),
    },
    "remove-old-scores": {
        "task": "anomalies.tasks.prune_scores",
        "schedule": crontab(hour=2, minute=55),
    },
    "drop-old-chunks": {
        "task": "telemetry.tasks.drop_old_chunks",
        "schedule": crontab(hour=4, minute=10),
    },
    "recommendations": {
        "task": "maintenance.tasks.refresh_recommendations",
        "schedule": timedelta(minutes=15),
        "options": {"expires": 900},
    },
    "due-dates-and-work-orders": {
        "task": "maintenance.tasks.generate_due_work_orders",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600},
    },
    "due-and-overdue-work": {
        "task": "maintenance.tasks.remind_of_work",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600},
    },
    "kpis": {
        "task": "maintenance.tasks.refresh_kpis",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "forget-idempotent-requests": {
        "task": "opssight.idempotency.tasks.forget_idempotent_requests",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "clear-expired-sign-ins": {
        "task": "opssight.accounts.tasks.clear_expired_sign_ins",
        "schedule": crontab(hour=3, minute=40),
    },
    "deliver-notifications": {
        "task": "notifications.tasks.deliver_pending",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    "mail-reporters": {
        "task": "maintenance.tasks.mail_reporters",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "deliver-webhooks": {
        "task": "notifications.tasks.deliver_webhooks",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "prune-webhooks": {
        "task": "notifications.tasks.prune_webhooks",
        "schedule": crontab(hour=3, minute=20),
    },
    "seal-audit-entries": {
        "task": "opssight.audit.tasks.seal_entries",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "remove-lost-files": {
        "task": "maintenance.tasks.remove_lost_files",
        "schedule": crontab(hour=3, minute=50),
    },
    "remove-old-audit-entries": {
        "task": "opssight.audit.tasks.remove_old_entries",
        "schedule": crontab(hour=3, minute=10),
    },
}
if DEMO:
    CELERY_BEAT_SCHEDULE["keep-the-demo-plant-living"] = {
        "task": "opssight.demo.tasks.append_readings",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    }

# -- People --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "opssight.accounts.passwords.StrengthValidator"},
    {"NAME": "opssight.accounts.passwords.BreachValidator"},
]
# A sorted file of stolen passwords (SHA-1 digests, or the passwords); never loaded as a whole.
BREACHED_PASSWORDS_FILE = env.str("BREACHED_PASSWORDS_FILE", default="")
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard:home"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]

# django-allauth signs people in. Accounts are opened by an admin or an invitation.
ACCOUNT_ADAPTER = "opssight.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "opssight.accounts.forms.SignInForm",
    "change_password": "opssight.accounts.forms.NewPasswordForm",
    "set_password": "opssight.accounts.forms.FirstPasswordForm",
    "reset_password_from_key": "opssight.accounts.forms.ForgottenPasswordForm",
}
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "opssight.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "OpsSight"
MFA_FORMS = {
    "add_webauthn": "opssight.accounts.forms.AddPasskeyForm",
    "authenticate_webauthn": "opssight.accounts.forms.PasskeySecondStepForm",
    "login_webauthn": "opssight.accounts.forms.PasskeySignInForm",
    "reauthenticate_webauthn": "opssight.accounts.forms.PasskeyConfirmForm",
}
SOCIALACCOUNT_ADAPTER = "opssight.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
OIDC_APPS = oidc.apps(lambda name: env.str(name, default=""))
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": OIDC_APPS}}

# -- Audit trail ---------------------------------------------------------------------------------
# Days after which entries are removed, 30 or more; 0 keeps them for good.
AUDIT_RETENTION_DAYS = env.int("AUDIT_RETENTION_DAYS", default=0)

# -- Mail ----------------------------------------------------------------------------------------
# Without EMAIL_URL nothing is mailed: notifications are in the panel only.
vars().update(env.email_url("EMAIL_URL", default="dummymail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="OpsSight <opssight@localhost>")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")

# -- Webhooks ------------------------------------------------------------------------------------
# Receivers are public addresses over TLS. Networks of your own are allowed by name, such as
# 10.20.0.0/16; plain HTTP is for development.
WEBHOOK_ALLOWED_NETWORKS = env.list("WEBHOOK_ALLOWED_NETWORKS", default=[])
WEBHOOK_PORTS = env.list("WEBHOOK_PORTS", cast=int, default=[443, 8443])
WEBHOOK_ALLOW_HTTP = env.bool("WEBHOOK_ALLOW_HTTP", default=False)
WEBHOOK_PAUSE_AFTER = timedelta(days=env.int("WEBHOOK_PAUSE_AFTER_DAYS", default=5))
WEBHOOK_KEEP = timedelta(days=env.int("WEBHOOK_KEEP_DAYS", default=30))

# -- MQTT ----------------------------------------------------------------------------------------
# What `manage.py listen_mqtt` takes where its options say nothing. MQTT_CA, MQTT_CERT and
# MQTT_CERT_PRIVATE are paths.
MQTT = {
    "url": env.str("MQTT_URL", default=""),
    "organization": env.str("MQTT_ORGANIZATION", default=""),
    "topics": env.list("MQTT_TOPICS", default=[]),
    "templates": env.list("MQTT_TEMPLATES", default=[]),
    "client_id": env.str("MQTT_CLIENT_ID", default=""),
    "protocol": env.str("MQTT_PROTOCOL", default="5"),
    "ca": env.str("MQTT_CA", default=""),
    "cert": env.str("MQTT_CERT", default=""),
    "cert_private": env.str("MQTT_CERT_PRIVATE", default=""),
    "batch": env.int("MQTT_BATCH", default=5000),
    "wait": env.float("MQTT_WAIT", default=0.5),
}

# -- API -----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "opssight.access.authentication.ApiTokenAuthentication",
        "opssight.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "opssight.core.api.paging.Pages",
    "DEFAULT_SCHEMA_CLASS": "opssight.core.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "opssight.core.api.problems.exception_handler",
    "DEFAULT_PARSER_CLASSES": ["opssight.core.api.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OpsSight API",
    "DESCRIPTION": (
        "Predictive maintenance and asset operations: from a reading to a completed work order.\n\n"
        "Sign in at `/api/auth/token/`, then send `Authorization: Bearer <access>`; for a script,"
        " make an API token and send that. Every path works with and without its last slash.\n\n"
        "Lists come in pages, numbered or by `cursor`, and take `search`, `ordering` and filters;"
        " `fields` and `expand` choose what of a row is sent. Times are UTC. Errors are problem"
        " documents (RFC 9457) whose codes stay as they are. A value is refused when it is not of"
        " the documented type: `5` is no text.\n\n"
        "`Idempotency-Key` makes any POST safe to repeat, `If-Match` keeps two editors apart, and"
        " `Accept: application/json; version=1.0` holds on to a version. Limits are told in"
        " `RateLimit-*`. You see your own organization's rows only; others do not exist."
    ),
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "opssight.core.api.schema.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "Urgency": "maintenance.models.Urgency",
        "Verdict": "maintenance.models.Verdict",
        "AttachmentKind": "maintenance.models.Attachment.Kind",
        "AnswerKind": "maintenance.models.AnswerKind",
        "StockMovementKind": "maintenance.models.StockMovement.Kind",
        "MaintenanceType": "maintenance.models.MaintenanceType",
        "AssetStatus": "assets.models.Asset.Status",
        "RecommendationStatus": "maintenance.models.Recommendation.Status",
        "WorkOrderStatus": "maintenance.models.WorkOrder.Status",
        "SensorKind": "assets.models.Sensor.Kind",
        "RelationshipKind": "assets.models.AssetRelationship.Kind",
        "UptimeState": "assets.models.UptimeEvent.State",
        "UptimeCause": "assets.models.UptimeEvent.Cause",
        "Kpi": "assets.models.AssetKpi.Kpi",
        "KpiPeriod": "assets.models.AssetKpi.Period",
        "ScheduleMode": "maintenance.models.MaintenanceSchedule.Mode",
        "ScheduleUnit": "maintenance.models.MaintenanceSchedule.Unit",
        "AnomalyChannel": "anomalies.models.Anomaly.Channel",
        "QualityFaultKind": "telemetry.models.QualityFault.Kind",
        "NotificationEvent": "notifications.models.Notification.Event",
        "Permission": "opssight.access.models.PERMISSION_CHOICES",
        "Role": "opssight.accounts.permissions.Role",
        "MemberRole": "opssight.access.api.serializers.MEMBER_ROLES",
        "WebhookEvent": "notifications.models.Webhook.Event",
        "WebhookDeliveryState": "notifications.models.WebhookDelivery.State",
        "WebhookPaused": "notifications.models.Webhook.Paused",
    },
}
# Bytes: of any body, and of the endpoint that takes many readings at once.
LARGEST_BODY = env.int("LARGEST_BODY", default=2 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 10
# Bytes of one body of readings by which machines send, as sent and unpacked; and how many of them
# each web process takes in at once. What is above waits a second, and is then told to come again.
INGEST_MAX_BODY = env.int("INGEST_MAX_BODY", default=25 * 1024 * 1024)
INGEST_AT_ONCE = env.int("INGEST_AT_ONCE", default=2)

# -- Time and language ---------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = ["opssight.formats"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# -- Files that people attach ---------------------------------------------------------------------
# No web server serves this folder: who asks for a file is checked by a view.
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(locations.var_folder() / "media"))()
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# Bytes: of one photo, of one document, and of a form with several of them.
LARGEST_PHOTO = env.int("LARGEST_PHOTO", default=15 * 1024 * 1024)
LARGEST_DOCUMENT = env.int("LARGEST_DOCUMENT", default=25 * 1024 * 1024)
LARGEST_UPLOAD = env.int("LARGEST_UPLOAD", default=40 * 1024 * 1024)
# Only a view that says so takes files (opssight.core.uploads).
FILE_UPLOAD_HANDLERS = ["opssight.core.uploads.NoFiles"]

# -- Static files --------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(locations.var_folder() / "static"))()
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": storage.default(lambda name: env.str(name, default=""), MEDIA_ROOT),
    "staticfiles": {
        "BACKEND": env.str(
            "STATICFILES_STORAGE",
            default="opssight.core.static_files.StaticFiles",
        )
    },
}

# -- Hardening -----------------------------------------------------------------------------------
# Behind TLS (production) every one of these is on; the demo is plain HTTP on the loopback address.
HTTPS = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# Over plain HTTP browsers offer passkeys on the machine itself only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^api/health"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
if HTTPS:
    # A browser takes these names from this very host only, and never over plain HTTP.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
# opssight.core.csp has what the admin and the API's documentation are granted on top.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
# Chrome also asks `form-action` where an answer to a form sends on to: the providers of a sign-in.
FORM_ACTION_ORIGINS = [*oidc.origins(OIDC_APPS), *env.list("FORM_ACTION_ORIGINS", default=[])]
PERMISSIONS_POLICY: dict[str, str | list[str]] = {
    **{
        feature: []
        for feature in (
            "accelerometer", "autoplay", "browsing-topics", "camera",
            "display-capture", "encrypted-media", "geolocation", "gyroscope", "hid",
            "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
            "picture-in-picture", "screen-wake-lock", "serial", "sync-xhr", "usb",
        )
    },
    "clipboard-write": "self",
    "fullscreen": "self",
    "publickey-credentials-create": "self",
    "publickey-credentials-get": "self",
}  # fmt: skip
# Pages of other origins may call the API, with a token and never with a cookie, when named here.
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = (*default_headers, "idempotency-key", "if-match", "if-none-match")
CORS_EXPOSE_HEADERS = (
    "deprecation", "etag", "idempotency-replayed", "link", "location", "ratelimit-limit",
    "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset", "retry-after", "sunset",
    "x-request-id",
)  # fmt: skip
WHITENOISE_ALLOW_ALL_ORIGINS = False

# django-ratelimit counts in Django's Redis cache; its check only knows other backends by name.
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.W001"]
RATELIMIT_ENABLE = env.bool("RATELIMIT_ENABLE", default=True)
LOGIN_RATE = env.str("LOGIN_RATE", default="20/m")
# Requests of the API: of one address, of one user, and by class of endpoint of one token (or of a
# user without one).
API_RATES = {
    "address": env.str("API_RATE_ADDRESS", default="3000/m"),
    "user": env.str("API_RATE_USER", default="1500/m"),
    "read": env.str("API_RATE_READ", default="600/m"),
    "write": env.str("API_RATE_WRITE", default="300/m"),
    "bulk": env.str("API_RATE_BULK", default="30/m"),
    "expensive": env.str("API_RATE_EXPENSIVE", default="240/m"),
    # Batches of readings by which machines send: of one token, and of one address.
    "telemetry": env.str("API_RATE_TELEMETRY", default="6000/m"),
    "telemetry_address": env.str("API_RATE_TELEMETRY_ADDRESS", default="12000/m"),
}
# Behind a proxy every request comes from the proxy: name the header that it overwrites with the
# address of the person, such as HTTP_X_REAL_IP.
RATELIMIT_IP_META_KEY = env.str("CLIENT_ADDRESS_HEADER", default="REMOTE_ADDR")

# So many failed passwords in a row for one name from one address, and it waits.
AXES_ENABLED = RATELIMIT_ENABLE
AXES_FAILURE_LIMIT = env.int("LOCKOUT_FAILURES", default=10)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOCKOUT_MINUTES", default=15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "opssight.accounts.limits.client_address"
AXES_USERNAME_CALLABLE = "opssight.accounts.limits.typed_name"
AXES_LOCKOUT_CALLABLE = "opssight.accounts.views.locked"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

UNFOLD = {
    "SITE_TITLE": "OpsSight",
    "SITE_HEADER": "OpsSight",
    "SITE_SUBHEADER": "Planning and master data",
    "SITE_URL": "/",
    "SITE_SYMBOL": "monitor_heart",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/logo.svg")}
    ],
    "SHOW_HISTORY": True,
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {"navigation": "opssight.core.admin_site.navigation"},
    # Colors are in a file, not written into every page (see OpsSightAdminSite.each_context).
    "STYLES": [lambda request: static("css/admin.css")],
    "SCRIPTS": [lambda request: static("js/admin.js")],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "opssight.core.logs.Line",
            "format": "{asctime} {levelname} {name} {request_id} {message}",
            "style": "{",
        },
    },
    "filters": {"request_id": {"()": "opssight.core.request_id.RequestIdFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        },
        "mail": {"class": "opssight.core.logs.ErrorMail", "level": "ERROR"},
    },
    # Instead of the handlers that Django gives it.
    "loggers": {"django": {"handlers": ["mail"], "level": "INFO"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
DEFAULT_EXCEPTION_REPORTER = "opssight.core.logs.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "opssight.core.logs.SecretsFilter"
# Faults are mailed here, without the secrets of the request.
ADMINS = [("", address) for address in env.list("ERROR_MAIL_TO", default=[])]
