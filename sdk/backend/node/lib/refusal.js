// A "no" to a request of the gateway: throw it in a login handler. `message` is shown to the player.
export class Refusal extends Error {
  constructor(code, message, reason, retryAfterMs) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
  static wrongPassword() { return new Refusal('UNAUTHORIZED', 'Wrong name or password.', 'invalidCredentials'); }
  static locked() { return new Refusal('FORBIDDEN', 'This account is locked.', 'accountLocked'); }
  static nameTaken(message = 'That name is taken.') { return new Refusal('CONFLICT', message, 'nameTaken'); }
  static invalid(message) { return new Refusal('INVALID_REQUEST', message, 'invalidData'); }
  static notFound(message) { return new Refusal('NOT_FOUND', message, 'notFound'); }
  static unknownMethod() { return new Refusal('METHOD_NOT_FOUND', 'This backend does not do that.'); }

  toError() {
    const error = { code: this.code, message: this.message };
    if (this.reason) error.details = { reason: this.reason };
    if (this.retryAfterMs !== undefined) error.retryAfterMs = this.retryAfterMs;
    return error;
  }
}
