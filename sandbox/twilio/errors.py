"""Twilio's error codes as the stand-in uses them. Source: Twilio's error dictionary."""

from typing import Any

MORE_INFO = "https://www.twilio.com/docs/errors/"

# code -> HTTP status, message
REFUSALS: dict[int, tuple[int, str]] = {
    10004: (400, "Call concurrency limit exceeded"),
    20001: (400, "Invalid parameters. {what}"),
    20003: (401, "Authenticate"),
    20005: (403, "Account not active"),
    20009: (409, "Cannot delete or redact the message because its delivery has not been completed"),
    20404: (404, "The requested resource {what} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL: {what}"),
    21210: (400, "The source phone number provided, {what}, is not yet verified for your account."),
    21211: (400, "Invalid 'To' Phone Number: {what}"),
    21212: (400, "Invalid From Number (caller ID): {what}"),
    21213: (400, "Caller phone number is required"),
    21214: (400, "'To' phone number cannot be reached: {what}"),
    21215: (400, "Account not authorized to call {what}. Perhaps you need to enable some international permissions"),
    21216: (400, "Account not allowed to call {what}"),
    21217: (400, "Phone number does not appear to be valid: {what}"),
    21218: (400, "Invalid ApplicationSid: {what}"),
    21219: (400, "'To' phone number not verified: {what}"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {what}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number {what} is not a valid, message-capable number for this destination/account."),
    21609: (400, "The 'StatusCallback' URL {what} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "The 'To' phone number: {what}, is not currently reachable using the 'From' phone number."),
    21614: (400, "'To' number is not a valid mobile number: {what}"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21624: (400, "Invalid validity period"),
    21635: (400, "'To' number cannot be a landline: {what}"),
    21701: (404, "The Messaging Service {what} does not exist"),
    21704: (400, "The Messaging Service contains no phone numbers"),
    30409: (400, "This message cannot be canceled"),
    35111: (400, "The 'SendAt' parameter is missing"),
    35114: (400, "The 'SendAt' time must be between 900 seconds and 35 days (3024000 seconds) in the future"),
    35118: (400, "MessagingServiceSid is required to schedule a message"),
}

# The carrier's later word; the text stands in a message's error_message.
DELIVERY_ERRORS: dict[int, str] = {
    21610: "Attempt to send to unsubscribed recipient",
    21612: "The 'To' phone number is not currently reachable",
    21614: "'To' number is not a valid mobile number",
    21635: "'To' number cannot be a landline",
    30001: "Queue overflow",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30036: "Validity period expired",
}


class Refusal(Exception):
    """A request that Twilio answers with an error. `what` is put into the message."""

    def __init__(self, code: int, what: str = "", *, status: int | None = None) -> None:
        usual, message = REFUSALS.get(code, (status or 400, f"Error {code}"))
        self.code = code
        self.status = status or usual
        self.message = message.format(what=what)
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """The JSON Twilio sends; a refused login has a detail."""
        body: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "more_info": f"{MORE_INFO}{self.code}",
            "status": self.status,
        }
        if self.code == 20003:
            body["detail"] = "Your AccountSid or AuthToken was incorrect."
        return body


def delivery_error(code: int | None) -> str | None:
    """The words for a failed or undelivered message's code."""
    return None if code is None else DELIVERY_ERRORS.get(code, "Unknown error")
