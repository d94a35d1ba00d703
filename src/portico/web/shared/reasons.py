"""The sentences of the services' errors, so that pages can show them in the reader's language.

The API and the command line show them in English. Pages find the message behind a sentence here.
"""

from __future__ import annotations

import re
from functools import cache

from portico.web.shared.texts import Text
from portico.web.shared.texts import gettext as _

LINKS = (
    _("A link can be on at most %(limit)s portals."),
    _("It is required: at least one portal."),
    _("It has %(length)s characters; at most %(limit)s are allowed."),
    _('A link opens with https or http. An address cannot begin with "%(scheme)s".'),
    _("It must be a domain name without a port, and not an address."),
    _("It must be a host without a scheme; the scheme belongs in protocol."),
    _('"%(port)s" is not a port; a port is a number from 1 to 65535.'),
    _("An IPv6 address must be in brackets, as in [2001:db8::1]."),
    _("A host cannot contain white space or control characters."),
    _('A host cannot contain "%(character)s"; %(why)s.'),
    _("user names and passwords are not part of a host"),
    _("the path belongs in linkPath"),
    _("a host has no path"),
    _("the query belongs in linkPath"),
    _("the fragment belongs in linkPath"),
    _("write the character itself instead of its percent code"),
    _('"%(host)s" is not an IPv6 address in brackets.'),
    _(
        '"%(label)s" cannot be part of a host: 1 to 63 letters, digits, hyphens or underscores, '
        "with "
        "no hyphen at either end."
    ),
    _('"%(host)s" is not an IPv4 address.'),
    _("It must be https:// or http://, or absent."),
    _('It must start with "/", or be absent.'),
    _("It must be a number from 0 to %(limit)s."),
    _("A link can have at most %(limit)s groups."),
    _("A link can have at most %(limit)s keywords; these are %(count)s."),
    _("A keyword cannot be empty."),
    _("A keyword cannot contain a comma or a semicolon, because these separate keywords."),
    _(
        'The keyword that starts with "%(start)s" has %(length)s characters; at most %(limit)s are '
        "allowed."
    ),
    _("Another row changes %(name)s too. Leave one of them out."),
    _("It has %(count)s entries; 1 to %(limit)s are allowed."),
    _("It would change %(count)s links; at most %(limit)s can be changed at once."),
    _("A microtenant has at most %(limit)s sections."),
)
PORTALS = (
    _("It must be a colour such as #0b6659."),
    _(
        "Its contrast with the page is %(contrast)s; text needs %(least)s. The nearest colour that "
        "passes is %(colour)s."
    ),
    _("%(name)s has no dot; use a domain such as example.com."),
    _(
        "It must be 1 to %(limit)s lower-case letters, digits and hyphens, without a hyphen at "
        "either end, and not only digits."
    ),
    _("It must be 3 to 31 lower-case letters, digits and hyphens."),
    _("It is required when managedByZs is false."),
    _("It is required."),
    _("Another portal has the address %(address)s."),
    _("Too many requests are waiting. Try again later."),
    _("The policy has changed; read it again."),
    _("The end must be after the start."),
    _("It must be a time from 1970 to 9999."),
)
PEOPLE = (
    _("It must be an e-mail address, with one @ and without spaces."),
    _("It has %(length)s characters; %(least)s to %(limit)s are allowed."),
    _("It is not a secret of this page. Load the page again."),
    _("Only the operator lets an administrator of another tenant in."),
    _("This account has no password: a provider signs it in."),
    _("Choose the whole tenant, or at least one microtenant."),
    _("Each microtenant is named at most once."),
    _("An administrator cannot %(deed)s; another one can."),
    _("make a link for itself"),
    _("change its own grants"),
    _("disable itself"),
    _("delete itself"),
    _(
        "%(name)s is the last administrator who can change everything in %(tenant)s. Give somebody "
        "else this role first."
    ),
    _("%(name)s also works in other tenants; only the operator changes the account."),
    _("A tenant has at most %(limit)s groups."),
    _("Groups are renamed and deleted only from the Default microtenant."),
    _("Choose at most %(limit)s people at once."),
    _("The passkey was not accepted. Try again."),
    _("%(name)s is disabled, so nobody could use the link. Enable %(same)s first."),
    _("The sign-in took too long. Sign in again."),
    _("You can have %(limit)s second factors. Remove one first."),
    _("This passkey is set up already."),
    _("%(name)s is your last second factor, and you must have one. Add another one first."),
    _("Set up a second factor first. Recovery codes stand in for it."),
    _("Only the operator resets a second factor."),
    _(
        "Set up a second factor of your own first, and sign in with it. Otherwise this would sign "
        "you "
        "out."
    ),
    _("This link does not work any more. Ask for a new one."),
    _("Your session has ended. Sign in again."),
    _("Too many people are signing in just now. Wait a few seconds, then try again."),
)
OTHERS = (
    _("Character %(position)s is the %(kind)s U+%(code)s; remove it."),
    _("bidirectional control"),
    _("invisible character"),
    _("It contains the control character U+%(code)s; remove it."),
    _("It contains half of a surrogate pair; remove it."),
    _("It is larger than %(limit)s KiB."),
    _("It must be an id, a number from 1 to 2^63 - 1."),
    _("At most %(limit)s characters are allowed."),
    _("A word has at most %(limit)s characters."),
    _("A search has at most %(limit)s terms; this one has %(count)s."),
    _("A tenant can have at most %(limit)s microtenants."),
    _("The domain %(domain)s does not belong to this tenant."),
    _("The domain %(domain)s already belongs to another microtenant."),
    _("It has at most %(limit)s values."),
    _("The Default microtenant cannot be changed or deleted."),
    _("You can only read: your role is viewer."),
    _("Microtenants are managed only from the Default microtenant."),
    _("Only administrators of the whole tenant see all microtenants."),
    _("People are managed only by administrators of the whole tenant."),
    _("An API client with the id %(id)s already exists."),
    _("Only the person who made this change can undo it."),
    _("It is over %(minutes)s minutes old: too late to undo."),
    _("Changes of this kind cannot be undone: %(kind)s."),
    _('"%(name)s" has been changed since.'),
    _('"%(name)s" is now the name of another object.'),
    _('"%(name)s" was on a portal that no longer exists.'),
    _('"%(name)s" has links now.'),
    _('"%(name)s" is in use now.'),
    _("If-Match does not match the stored version. Read it again first."),
    _("Another one has the same key."),
    _("The database is locked by another process."),
    _("Too many writes are waiting."),
    _("slow reads"),
    _("requests for the tenants of one worker"),
    _("Too many %(what)s are waiting already. Try again in a moment."),
    _(
        "This one waited %(seconds)s seconds for other %(what)s to end, in vain. Try again in a "
        "moment."
    ),
    _(
        "The database had not answered after %(seconds)s seconds, so the read was stopped. Ask for "
        "less at once, or try again when less is running."
    ),
    _("The body is larger than %(size)s."),
)
REASONS = (*LINKS, *PORTALS, *PEOPLE, *OTHERS)


def translatable(sentence: str) -> str:
    """Return the `Text` of an error's sentence, or the sentence itself if none is known."""
    if isinstance(sentence, Text):
        return sentence
    for message, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            values = {name: translatable(value) for name, value in found.groupdict().items()}
            return Text(message, **values)
    return sentence


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each message with the pattern of its sentences, the longest message first."""
    messages = sorted((each.message for each in REASONS), key=len, reverse=True)
    return tuple((each, re.compile(_pattern(each), re.DOTALL)) for each in messages)


def _pattern(message: str) -> str:
    parts = re.split(r"%\((\w+)\)s", message)
    return "".join(
        f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
    )
