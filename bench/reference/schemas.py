"""The reference's wire format as Pydantic models: camelCase, ids and times as strings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

WireInteger = Annotated[str, BeforeValidator(str)]


class Wire(BaseModel):
    """The base class: Python names inside, camelCase on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        from_attributes=True,
    )


class PortalReference(Wire):
    id: int


class LinkIn(Wire):
    name: str = Field(min_length=1, max_length=255)
    enabled: bool = False
    description: str | None = Field(None, max_length=2000)
    link: str = Field(min_length=1, max_length=255)
    link_path: str | None = Field(None, max_length=2048)
    protocol: Literal["", "http://", "https://"] | None = None
    icon_text: str | None = None
    application_id: int | None = None
    user_portals: list[PortalReference] | None = None


class PortalIn(Wire):
    name: str = Field(min_length=1, max_length=255)
    enabled: bool = False
    description: str | None = Field(None, max_length=2000)
    domain: str | None = None
    ext_label: str | None = None
    ext_domain: str | None = None
    user_notification: str | None = None
    user_notification_enabled: bool = False


class BulkIn(Wire):
    user_portal_links: list[LinkIn] = Field(min_length=1, max_length=500)
    user_portals: list[PortalReference] | None = None


class RecordOut(Wire):
    id: WireInteger
    modified_time: WireInteger
    creation_time: WireInteger
    modified_by: WireInteger
    name: str
    enabled: bool
    description: str | None


class PortalOut(RecordOut):
    domain: str | None
    ext_label: str | None
    ext_domain: str | None
    ext_domain_translation: str | None
    user_notification: str | None
    user_notification_enabled: bool


class PortalStub(Wire):
    id: WireInteger
    enabled: bool = True


class LinkText(RecordOut):
    """The fields of a link in requests and responses."""

    link: str
    link_path: str | None
    protocol: str | None
    icon_text: str | None
    application_id: WireInteger | None


class LinkOut(LinkText):
    user_portals: list[PortalOut]
    microtenant_name: str = "Default"


class LinkCreated(LinkText):
    user_portals: list[PortalStub]


class LinkPage(Wire):
    total_pages: WireInteger
    total_count: WireInteger
    items: list[LinkOut] = Field(alias="list")


class BulkOut(Wire):
    user_portal_links: list[LinkCreated]
    user_portals: list[PortalStub]


class Token(BaseModel):
    token_type: str = "Bearer"
    access_token: str
    expires_in: str = "3600"


class TimedToken(BaseModel):
    token_type: str = "Bearer"
    access_token: str
    expires_in: int = 3600
