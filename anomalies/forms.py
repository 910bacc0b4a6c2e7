from django import forms

from maintenance.models import Verdict


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(
        choices=[(v.value, v.label) for v in (Verdict.CONFIRMED, Verdict.FALSE_ALARM)],
        label="Was it a real problem?",
    )

    @property
    def chosen(self) -> Verdict:
        """The verdict, once the form is valid."""
        return Verdict(self.cleaned_data["verdict"])
