from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from opssight.access import mail
from opssight.access.forms import AcceptForm, InviteForm
from opssight.access.models import Invitation
from opssight.access.services import invitations
from opssight.access.views.common import choices_of, chosen_organization, explain, unkept
from opssight.accounts.limits import count_attempt
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

MANAGE = Permission.MEMBER_EDIT
SESSION_KEY = "invitation"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def invitation_list(request: UserRequest) -> HttpResponse:
    """Open and past invitations, and a form for one more, whose link is in the answer only."""
    organization = chosen_organization(request, MANAGE)
    form = InviteForm(request.POST or None, by=request.user, organization_id=organization.pk)
    made, link, is_mailed = None, "", False
    if request.method == "POST" and form.is_valid():
        role, custom = form.chosen_role
        try:
            made, secret = invitations.invite(
                organization_id=organization.pk,
                email=form.cleaned_data["email"],
                role=role,
                custom_role=custom,
                coverage=form.scope,
                by=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            explain(form, error)
        else:
            link = request.build_absolute_uri(mail.path_of(secret))
            is_mailed = mail.send_invitation(made, secret)
            form = InviteForm(by=request.user, organization_id=organization.pk)
    at = timezone.now()
    rows = (
        Invitation.objects.for_user(request.user, MANAGE)
        .filter(organization=organization)
        .select_related("custom_role", "invited_by", "accepted_by")
    )
    context = {
        "open": rows.open(at=at),
        "past": rows.exclude(pk__in=Invitation.objects.open(at=at))[:20],
        "form": form,
        "made": made,
        "link": link,
        "is_mailed": is_mailed,
        "has_mail": mail.is_configured(),
        "organization": organization,
        "organizations": choices_of(request, MANAGE),
    }
    status = 422 if form.errors else 200
    return unkept(render(request, "access/invitations.html", context, status=status))


@require_POST
@login_required
def revoke(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Invitation.objects.for_user(request.user, MANAGE), pk=pk)
    try:
        invitations.revoke_invitation(invitation=row, at=timezone.now())
    except invitations.InvitationNotOpen:
        messages.error(request, "This invitation was accepted or revoked in the meantime.")
    else:
        messages.success(request, f"The invitation of {row.email} no longer works.")
    return redirect("access:invitations")


@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Where the link leads: join as who is signed in, or set up an account."""
    if "token" in request.GET:
        # Out of the address, so that it is in no history, log or referrer from here on.
        request.session[SESSION_KEY] = request.GET["token"][:200]
        return redirect("access:accept")
    secret = request.session.get(SESSION_KEY, "")
    if request.method == "POST":
        count_attempt(request, "invitation")
    try:
        invitation = invitations.find_invitation(secret=secret, at=timezone.now())
        return _accept(request, invitation, secret)
    except invitations.InvitationNotOpen:
        _forget(request)
        return render(request, "access/invitation_over.html", status=410)


def _accept(request: HttpRequest, invitation: Invitation, secret: str) -> HttpResponse:
    is_joining = request.method == "POST" and isinstance(request.user, User)
    form = AcceptForm(request.POST if request.method == "POST" and not is_joining else None)
    problem = ""
    try:
        if is_joining:
            assert isinstance(request.user, User)  # noqa: S101 asked above
            invitations.accept(secret=secret, user=request.user, at=timezone.now())
            return _welcome(request, invitation)
        if form.is_valid():
            invitations.accept_as_new_user(secret=secret, at=timezone.now(), **form.cleaned_data)
            data = form.cleaned_data
            # The way every sign-in takes, so that it is counted and recorded like one.
            user = authenticate(request, username=data["username"], password=data["password"])
            if user is not None:
                perform_login(request, user)
            return _welcome(request, invitation)
    except ValidationError as error:
        if is_joining:
            problem = " ".join(error.messages)
        else:
            explain(form, error)
    # Opens the door for a provider's account with this address (`SocialAccountAdapter`).
    get_adapter().stash_verified_email(request, invitation.email)
    context = {
        "invitation": invitation,
        "form": form,
        "problem": problem,
        "redirect_field_value": request.path,
    }
    return render(
        request, "access/accept.html", context, status=422 if form.errors or problem else 200
    )


def _forget(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)
    get_adapter().unstash_verified_email(request)


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    _forget(request)
    messages.success(request, f"Welcome to {invitation.organization}.")
    return redirect("dashboard:home")
