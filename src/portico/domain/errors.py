"""The one tree of errors. Each names the condition; the HTTP layer owns the only table of statuses.

PorticoError
├── InvalidInput                 the request can never succeed as it is
│   ├── InvalidField             a value breaks the rule of its field
│   ├── InvalidOperand           a search names an operator that does not exist or does not fit
│   ├── InvalidFilter            a search names an unknown field or a value of the wrong kind
│   ├── SearchTooExpensive       a search was stopped at the time limit of reads
│   ├── UnknownReference         a body names a resource that does not exist
│   ├── NameTaken                another resource of the kind has that name
│   ├── StillReferenced          a deletion would orphan what refers to it
│   ├── LinkLimitExceeded        a portal would show too many links
│   ├── MicrotenantLimitExceeded a tenant would have too many microtenants
│   ├── ForeignAuthDomain        a microtenant claims a domain that is not the tenant's
│   └── AuthDomainTaken          another microtenant has the domain
├── NotFound                     no such resource for this caller
├── AccessDenied                 no valid credentials
│   ├── SessionNotValid          the token was good once; signing in again helps
│   └── LockedOut                too many failures; waiting helps
├── Forbidden                    known caller, not allowed
├── ConcurrentChange             another change won; trying again may succeed
│   └── StalePrecondition        the caller's If-Match names an older version
└── Unavailable                  the database cannot serve now
    └── Overloaded               too much else is running, or a read took too long
        └── TooManySignIns       too many passwords wait to be checked
"""

from __future__ import annotations

from typing import ClassVar


class PorticoError(Exception):
    """Root of the tree: a wire id, a sentence for people, and the parameters of both."""

    code: ClassVar[str]

    def __init__(self, reason: str, *params: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = params


class InvalidInput(PorticoError):
    """The request can never succeed as it is."""

    code = "invalid.resource.argument"

    def within(self, place: str) -> InvalidInput:
        """The same error, saying which entry of a list it is about."""
        self.reason = f"{place}: {self.reason}"
        return self


class InvalidField(InvalidInput):
    """A value breaks the rule of its field. The wording is the vendor's."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"One or more input fields {field} are not valid. {why}", field)
        self.field = field
        self.why = why

    def within(self, place: str) -> InvalidField:
        """The same error with the entry's place before the field, as in `links[3].name`."""
        return InvalidField(f"{place}.{self.field}", self.why)


class InvalidOperand(InvalidInput):
    """A search names an operator that does not exist or does not fit."""

    code = "filtering.input.invalid.operand"

    def __init__(self, operand: str) -> None:
        super().__init__(f"Invalid operand:{operand} in Filtering criteria.", operand)


class InvalidFilter(InvalidInput):
    """A search names an unknown field, or a value of the wrong kind for its field."""

    code = "filtering.input.invalid.field"


class SearchTooExpensive(InvalidInput):
    """A search ran into the time limit of reads: trying it again as it is would not help."""

    code = "filtering.input.too.expensive"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The search was stopped after {seconds:g} seconds. Narrow it: use EQ on the name, id "
            "or link, longer words with LIKE, or fewer terms with OR."
        )


class UnknownReference(InvalidInput):
    """A body names a resource that does not exist for this caller."""

    code = "resource.not.found"

    def __init__(self, value: int) -> None:
        super().__init__(f"No resource exists with the given id/name :{value}", str(value))


class NameTaken(InvalidInput):
    """Another resource of the same kind and microtenant has that name, whatever its case."""

    code = "resource.already.exist"

    def __init__(self, name: str) -> None:
        super().__init__(f"A resource with the name {name} already exists.", name)


class StillReferenced(InvalidInput):
    """A deletion would orphan what refers to the resource."""

    code = "resource.referenced"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"Resource is being referenced in {kind} : {name}.", kind, name)


class LinkLimitExceeded(InvalidInput):
    """A portal would show more links than the documented limit."""

    code = "portal.link.limit.exceeded"

    def __init__(self, portal_id: int, limit: int) -> None:
        super().__init__(
            f"A user portal holds at most {limit} links; portal {portal_id} would hold more.",
            str(portal_id),
        )


class MicrotenantLimitExceeded(InvalidInput):
    """A tenant would have more microtenants than the documented limit."""

    code = "microtenant.limit.exceeded"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} microtenants.", str(limit))


class ForeignAuthDomain(InvalidInput):
    """A microtenant claims an authentication domain that the tenant does not own."""

    code = "domains.does.not.belong.to.customer"

    def __init__(self, domain: str) -> None:
        super().__init__(f"The domain {domain} does not belong to this tenant.", domain)


class AuthDomainTaken(InvalidInput):
    """Another microtenant of the tenant already has the authentication domain."""

    code = "domains.already.exists.in.other.microtenant"

    def __init__(self, domain: str) -> None:
        super().__init__(f"The domain {domain} already belongs to another microtenant.", domain)


class NotFound(PorticoError):
    """No such resource for this caller; a foreign one looks the same."""

    code = "resource.not.found"

    def __init__(self, value: object) -> None:
        super().__init__(f"No resource exists with the given id/name :{value}", str(value))


class AccessDenied(PorticoError):
    """No valid credentials."""

    code = "access.denied"

    def __init__(self, reason: str = "Access denied") -> None:
        super().__init__(reason)


class SessionNotValid(AccessDenied):
    """An expired, revoked or signed-out token. The vendor's Go client looks for the marker."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Access denied. SESSION_NOT_VALID: {why}")


class LockedOut(AccessDenied):
    """Too many sign-ins failed; `seconds` from now it may be tried again."""

    code = "access.locked"

    def __init__(self, seconds: int) -> None:
        minutes = -(-seconds // 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"Too many sign-ins failed. Wait {wait}, then try again.")
        self.seconds = seconds


class Forbidden(PorticoError):
    """The caller is known and not allowed."""

    code = "authz.access.forbidden"


class ConcurrentChange(PorticoError):
    """Another change won the race; the same request may succeed when tried again."""

    code = "api.concurrent.access.error"

    def __init__(self, kind: str, why: str = "") -> None:
        sentence = "Unable to modify the resource due to concurrent change requests. Try again"
        super().__init__(f"{sentence}. {why}" if why else sentence, kind)


class StalePrecondition(ConcurrentChange):
    """The caller's If-Match names another version than the stored one."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind, "If-Match does not name the stored version; read it again first.")


class Unavailable(PorticoError):
    """The database cannot serve now; waiting helps, changing the request does not."""

    code = "retryable.server.error"


class Overloaded(Unavailable):
    """Too much costly work is waiting, or a read took longer than it may."""


class TooManySignIns(Overloaded):
    """Too many passwords wait to be checked or hashed. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many people are signing in just now. Wait a few seconds, then try again."
        )
        self.retry_after = retry_after
