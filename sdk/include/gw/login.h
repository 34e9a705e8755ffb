/* gw.login/1: signing in by a message of the client's own (GMCP Char.Login and the like) instead of by
 * typed lines.
 *
 * Optional on both sides. The host offers gw_host_login through gw_host.get_extension(GW_EXT_LOGIN); a
 * plugin that wants to be told offers gw_login_ext under the same id through gw_plugin.get_extension. The
 * typed questions go on beside it, and whoever is first signs in. The host checks, throttles and counts a
 * sign_in as it does a typed login; the plugin only carries it.
 *
 * Life of a connection: hello -> OPEN -> (sign_in -> REFUSED | UNDECIDED -> OPEN)* -> SIGNED_IN -> TOKEN?
 * Typed answers may come anywhere in between, and SIGNED_IN tells of those too.
 */
#ifndef GW_LOGIN_H
#define GW_LOGIN_H

#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_LOGIN "gw.login/1"

/* sign_in() kinds. */
enum {
  GW_SIGN_IN_PASSWORD = 0, /* account and password */
  GW_SIGN_IN_TOKEN = 1,    /* account and a token from an earlier GW_LOGIN_TOKEN */
  GW_SIGN_IN_BY_HAND = 2   /* the person will type; only the flags are told. No answer follows */
};

/* sign_in() flags. */
enum {
  /* A token for the next time is welcome: the client understands it and will keep it. Holds until the
   * next sign_in of this connection. Without it none is issued. */
  GW_SIGN_IN_WANTS_TOKEN = 1u << 0
};

typedef struct gw_sign_in {
  uint32_t struct_size;
  uint32_t kind;      /* GW_SIGN_IN_* */
  uint32_t flags;     /* GW_SIGN_IN_WANTS_TOKEN */
  gw_slice account_p; /* UTF-8, at most 256 bytes */
  gw_slice secret_p;  /* password or token, UTF-8, at most 1024 bytes. Never logged, never stored as it is */
} gw_sign_in;

typedef struct gw_host_login {
  uint32_t struct_size;
  /* [loop] Signs in, from a callback of the same connection. GW_OK: under way; REFUSED, UNDECIDED or
   * SIGNED_IN follows (not for BY_HAND), never before this returns. GW_E_AGAIN: before the first OPEN, or
   * while another login is being checked; keep at most one and try again at the next OPEN. GW_E_LIMIT:
   * over the rate limit, refused. GW_E_INVALID: unknown kind or too long. GW_E_STATE: signed in already,
   * or closed. */
  gw_status (*sign_in)(gw_host_conn* conn, const gw_sign_in* sign_in_p);
} gw_host_login;

/* login() kinds. Unknown: ignore. */
enum {
  GW_LOGIN_OPEN = 1,      /* it is being asked who is there, for the first time or again */
  GW_LOGIN_SIGNED_IN = 2, /* account_h: the user's name as shown; message_h: a greeting */
  GW_LOGIN_REFUSED = 3,   /* the sign_in was wrong; message_h says so to a person */
  GW_LOGIN_UNDECIDED = 4, /* the sign_in could not be checked; a token may still be good, keep it */
  GW_LOGIN_TOKEN = 5      /* token_h signs account_h in next time, instead of what was shown this time */
};

typedef struct gw_login_event {
  uint32_t struct_size;
  uint32_t kind;        /* GW_LOGIN_* */
  uint32_t secure_only; /* TOKEN: 1 if it is taken over TLS only */
  gw_slice account_h;
  gw_slice message_h;
  gw_slice token_h; /* a secret: for the client alone, never for a log */
} gw_login_event;

typedef struct gw_login_ext {
  uint32_t struct_size;
  /* [loop] Between open and close_begin, in the order of the connection's other callbacks. */
  void (*login)(gw_conn* conn, const gw_login_event* event_h);
} gw_login_ext;

#ifdef __cplusplus
}
#endif
#endif /* GW_LOGIN_H */
