from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from notifications.models import Webhook
from notifications.services.addresses import LONGEST_URL, UrlRefused, target_of


class WebhookForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="What receives the events, for people.")
    url = forms.CharField(
        max_length=LONGEST_URL,
        label="URL",
        help_text="Where events are sent, such as https://example.com/hook.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    events = forms.MultipleChoiceField(
        choices=Webhook.Event.choices, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, organization_id: int, webhook: Webhook | None = None, **kw: Any):
        super().__init__(*args, **kw)
        self.others = Webhook.objects.filter(organization=organization_id)
        if webhook is not None:
            self.others = self.others.exclude(pk=webhook.pk)
            self.initial = {"name": webhook.name, "url": webhook.url, "events": webhook.events}

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.others.filter(name=name).exists():
            raise ValidationError(
                "Another webhook has this name. Choose another name.", code="taken"
            )
        return name

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            target_of(url)
        except UrlRefused as error:
            raise ValidationError(str(error), code="url_refused") from error
        return url
