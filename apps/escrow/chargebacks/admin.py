"""The answer to a bank as a moderator sees it: what was collected, what is missing, the files, and the button that sends."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.escrow.chargebacks.actions import complete, send
from apps.escrow.chargebacks.fields import FILES, LONG, LONGEST, WORDS
from apps.escrow.chargebacks.models import ChargebackAnswer
from apps.escrow.models import Chargeback


class AnswerForm(forms.Form):
    """Every field that the bank knows of those that matter for a parcel."""

    def __init__(self, *args: object, answer: ChargebackAnswer, **options: object) -> None:
        super().__init__(*args, **options)
        for name, label in WORDS.items():
            widget = UnfoldAdminTextareaWidget({"rows": 5}) if name in LONG else UnfoldAdminTextInputWidget()
            self.fields[name] = forms.CharField(
                label=label, required=False, max_length=LONGEST, widget=widget, initial=answer.words.get(name, "")
            )
        there = {file.field for file in answer.files.all()}
        for name, label in FILES.items():
            self.fields[name] = forms.FileField(
                label=label, required=False, help_text="There is one; another replaces it." if name in there else ""
            )

    @property
    def words(self) -> dict[str, str]:
        """The cleaned words."""
        return {name: self.cleaned_data[name] for name in WORDS}

    @property
    def uploads(self) -> dict[str, object]:
        """The files that were chosen."""
        return {name: self.cleaned_data[name] for name in FILES if self.cleaned_data.get(name)}


def answer_page(request: HttpRequest, chargeback_id: str) -> HttpResponse:
    """Look through the answer; save it, or save and send it. What was sent is only to be read."""
    chargeback = get_object_or_404(Chargeback.objects.select_related("payment__hold"), pk=chargeback_id)
    answer, _ = ChargebackAnswer.objects.get_or_create(chargeback=chargeback)
    form = AnswerForm(request.POST or None, request.FILES or None, answer=answer)
    here = reverse("admin:escrow_chargeback_answer", args=[chargeback.pk])
    if request.method == "POST" and form.is_valid():
        try:
            complete(answer=answer, by=request.user, words=form.words, files=form.uploads)
            if "send" in request.POST:
                send(answer=answer, by=request.user)
        except DomainError as error:
            tell(form, error)
        else:
            said = "Sent to the bank. It decides within some weeks." if "send" in request.POST else "Kept."
            messages.success(request, said)
            return HttpResponseRedirect(here)
    context = {
        **admin.site.each_context(request),
        "title": f"Answer to the bank: {chargeback.payment.hold.description}",
        "chargeback": chargeback,
        "answer": answer,
        "words": [(label, answer.words.get(name, "")) for name, label in WORDS.items()],
        "form": form,
        "is_open": answer.state == ChargebackAnswer.State.DRAFT and chargeback.state == Chargeback.State.OPEN,
    }
    return render(request, "escrow/chargeback_answer.html", context, status=422 if form.errors else 200)
