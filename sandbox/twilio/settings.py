"""What the stand-in's behaviour can be set to, at start or while it runs (POST /_control/settings)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FRANCE = ("+33", "+262", "+508", "+590", "+594", "+596", "+681", "+687", "+689")


class Settings(BaseModel):
    """Delays of the network are in real time, for they race the product's own timeouts; delays of the carrier and
    of people are on the stand-in's clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # REST
    latency_ms: tuple[float, float] = Field(
        default=(0.0, 0.0), description="each answer takes between these, real time"
    )
    max_in_flight: int = Field(default=100, ge=1, description="one more request at once gets 429/20429")
    retry_after_s: int | None = Field(
        default=None, ge=0, description="Retry-After on a 429; Twilio does not promise one"
    )
    allowed_prefixes: tuple[str, ...] = Field(
        default=FRANCE, description="geo permissions; other destinations get 21408"
    )
    strict_urls: bool = Field(default=False, description="refuse loopback StatusCallbacks with 21609, as Twilio does")
    # Carrier
    service_delay_s: float = Field(default=0.2, ge=0, description="until a messaging service has chosen a sender")
    sent_delay_s: tuple[float, float] = Field(default=(0.3, 1.0), description="leaving the queue to `sent`")
    final_delay_s: tuple[float, float] = Field(default=(1.0, 4.0), description="`sent` to the final status")
    receipt_extra: dict[str, str] = Field(default={}, description="fields Twilio may add to a receipt any day")
    # Calls
    calls_per_s: float = Field(default=1.0, gt=0, description="placed by the account; more wait")
    max_calls: int = Field(default=100, ge=1, description="one more at once gets 10004; new accounts have 2 or 3")
    call_speed: float = Field(
        default=1.0, gt=0, description="ringing and talking pass this much faster than they would"
    )
    voice_url: str = Field(default="", description="who is asked for calls to our numbers, unless they have an own URL")
    trial: bool = Field(default=False, description="only our own numbers may be called: 21219")
    # Webhooks
    inbound_url: str = Field(default="", description="where inbound messages go, unless their sender has an own URL")
    rewrites: dict[str, str] = Field(default={}, description="public base URL -> loopback base URL really called")
    signature: Literal["right", "wrong", "missing"] = "right"
    connect_timeout_s: float = Field(default=5.0, gt=0)
    read_timeout_s: float = Field(default=15.0, gt=0)
    total_timeout_s: float = Field(default=15.0, gt=0)
    connections: int = Field(default=128, ge=1, description="webhooks under way at once")
    # Phones
    reply_speed: float = Field(default=1.0, gt=0, description="people answer this much faster than they would")
    loop_limit: int = Field(default=15, ge=1, description="messages of one pair in loop_window_s before 14107")
    loop_window_s: float = Field(default=30.0, gt=0)
