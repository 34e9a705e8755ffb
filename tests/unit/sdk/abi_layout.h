/* Sizes and offsets of the ABI's structs on LP64, checked when compiled: as C11 and as C++20, so that
 * both languages see the same bytes. A change here is a change of the ABI. */
#ifndef GW_TESTS_ABI_LAYOUT_H
#define GW_TESTS_ABI_LAYOUT_H

#include <stddef.h>

#include "gw/config.h"
#include "gw/encode.h"
#include "gw/event.h"
#include "gw/health.h"
#include "gw/host.h"
#include "gw/http.h"
#include "gw/login.h"
#include "gw/migrate.h"
#include "gw/note.h"
#include "gw/plugin.h"
#include "gw/stream.h"
#include "gw/work.h"

#ifdef __cplusplus
#define GW_CHECK(condition) static_assert(condition, #condition)
#else
#define GW_CHECK(condition) _Static_assert(condition, #condition)
#endif
#define GW_CHECK_SIZE(type, bytes) GW_CHECK(sizeof(type) == (bytes))
#define GW_CHECK_AT(type, member, offset) GW_CHECK(offsetof(type, member) == (offset))

#if defined(__LP64__)
GW_CHECK_SIZE(gw_slice, 16);
GW_CHECK_AT(gw_slice, len, 8);

GW_CHECK_SIZE(gw_err, 512);

GW_CHECK_SIZE(gw_span, 40);
GW_CHECK_AT(gw_span, len, 4);
GW_CHECK_AT(gw_span, fg, 8);
GW_CHECK_AT(gw_span, bg, 12);
GW_CHECK_AT(gw_span, attrs, 16);
GW_CHECK_AT(gw_span, link, 24);

GW_CHECK_SIZE(gw_event, 96);
GW_CHECK_AT(gw_event, delivery, 4);
GW_CHECK_AT(gw_event, kind, 8);
GW_CHECK_AT(gw_event, flags, 12);
GW_CHECK_AT(gw_event, name, 16);
GW_CHECK_AT(gw_event, text, 32);
GW_CHECK_AT(gw_event, spans, 48);
GW_CHECK_AT(gw_event, span_count, 56);
GW_CHECK_AT(gw_event, state_version, 64);
GW_CHECK_AT(gw_event, terminal, 80);
GW_CHECK_AT(gw_event, host_h, 72);

GW_CHECK_SIZE(gw_wrap, 200);
GW_CHECK_AT(gw_wrap, tail, 96);
GW_CHECK_AT(gw_wrap, head_len, 192);
GW_CHECK_AT(gw_wrap, tail_len, 196);

GW_CHECK_SIZE(gw_encode_ext, 32);
GW_CHECK_AT(gw_encode_ext, encode, 8);
GW_CHECK_AT(gw_encode_ext, wrap, 16);
GW_CHECK_AT(gw_encode_ext, deliver, 24);

GW_CHECK_SIZE(gw_open_info, 104);
GW_CHECK_AT(gw_open_info, peer_h, 8);
GW_CHECK_AT(gw_open_info, local_h, 24);
GW_CHECK_AT(gw_open_info, listener_h, 40);
GW_CHECK_AT(gw_open_info, subprotocol_h, 56);
GW_CHECK_AT(gw_open_info, extensions_h, 72);
GW_CHECK_AT(gw_open_info, user_u64, 88);
GW_CHECK_AT(gw_open_info, is_tls, 96);
GW_CHECK_AT(gw_open_info, is_bound, 100);

GW_CHECK_SIZE(gw_notice, 24);
GW_CHECK_AT(gw_notice, kind, 4);
GW_CHECK_AT(gw_notice, a, 8);
GW_CHECK_AT(gw_notice, b, 16);

GW_CHECK_SIZE(gw_close_info, 40);
GW_CHECK_AT(gw_close_info, code, 4);
GW_CHECK_AT(gw_close_info, retry, 8);
GW_CHECK_AT(gw_close_info, retry_after_ms, 16);
GW_CHECK_AT(gw_close_info, text_h, 24);

GW_CHECK_SIZE(gw_stream_ext, 80);
GW_CHECK_AT(gw_stream_ext, open, 8);
GW_CHECK_AT(gw_stream_ext, data, 16);
GW_CHECK_AT(gw_stream_ext, eof, 24);
GW_CHECK_AT(gw_stream_ext, timer, 32);
GW_CHECK_AT(gw_stream_ext, writable, 40);
GW_CHECK_AT(gw_stream_ext, event, 48);
GW_CHECK_AT(gw_stream_ext, notice, 56);
GW_CHECK_AT(gw_stream_ext, close_begin, 64);
GW_CHECK_AT(gw_stream_ext, closed, 72);

GW_CHECK_SIZE(gw_header, 32);
GW_CHECK_AT(gw_header, value, 16);

GW_CHECK_SIZE(gw_request_view, 112);
GW_CHECK_AT(gw_request_view, method, 8);
GW_CHECK_AT(gw_request_view, path, 24);
GW_CHECK_AT(gw_request_view, query, 40);
GW_CHECK_AT(gw_request_view, body, 56);
GW_CHECK_AT(gw_request_view, headers, 72);
GW_CHECK_AT(gw_request_view, header_count, 80);
GW_CHECK_AT(gw_request_view, peer, 88);
GW_CHECK_AT(gw_request_view, is_tls, 104);

GW_CHECK_SIZE(gw_request_answer, 48);
GW_CHECK_AT(gw_request_answer, status, 4);
GW_CHECK_AT(gw_request_answer, http_status, 8);
GW_CHECK_AT(gw_request_answer, body_h, 16);
GW_CHECK_AT(gw_request_answer, set_cookie_h, 32);

GW_CHECK_SIZE(gw_route, 48);
GW_CHECK_AT(gw_route, flags, 4);
GW_CHECK_AT(gw_route, method, 8);
GW_CHECK_AT(gw_route, path, 24);
GW_CHECK_AT(gw_route, max_body_bytes, 40);

GW_CHECK_SIZE(gw_route_sink, 16);
GW_CHECK_AT(gw_route_sink, add, 8);

GW_CHECK_SIZE(gw_http_ext, 32);
GW_CHECK_AT(gw_http_ext, routes, 8);
GW_CHECK_AT(gw_http_ext, request, 16);
GW_CHECK_AT(gw_http_ext, request_event, 24);

GW_CHECK_SIZE(gw_hello, 120);
GW_CHECK_AT(gw_hello, mode, 4);
GW_CHECK_AT(gw_hello, caps, 8);
GW_CHECK_AT(gw_hello, width, 12);
GW_CHECK_AT(gw_hello, height, 16);
GW_CHECK_AT(gw_hello, credential_p, 24);
GW_CHECK_AT(gw_hello, device_p, 40);
GW_CHECK_AT(gw_hello, game_session_p, 56);
GW_CHECK_AT(gw_hello, attempt_p, 72);
GW_CHECK_AT(gw_hello, client_p, 88);
GW_CHECK_AT(gw_hello, epoch, 104);
GW_CHECK_AT(gw_hello, last_seq, 112);

GW_CHECK_SIZE(gw_input, 48);
GW_CHECK_AT(gw_input, kind, 4);
GW_CHECK_AT(gw_input, client_seq, 8);
GW_CHECK_AT(gw_input, caps, 16);
GW_CHECK_AT(gw_input, width, 20);
GW_CHECK_AT(gw_input, height, 24);
GW_CHECK_AT(gw_input, text_p, 32);

GW_CHECK_SIZE(gw_host_stream, 128);
GW_CHECK_AT(gw_host_stream, send, 8);
GW_CHECK_AT(gw_host_stream, send_buf, 16);
GW_CHECK_AT(gw_host_stream, close, 24);
GW_CHECK_AT(gw_host_stream, read_pause, 32);
GW_CHECK_AT(gw_host_stream, read_resume, 40);
GW_CHECK_AT(gw_host_stream, timer_set, 48);
GW_CHECK_AT(gw_host_stream, timer_cancel, 56);
GW_CHECK_AT(gw_host_stream, set_class, 64);
GW_CHECK_AT(gw_host_stream, hello, 72);
GW_CHECK_AT(gw_host_stream, submit, 80);
GW_CHECK_AT(gw_host_stream, ack, 88);
GW_CHECK_AT(gw_host_stream, frame, 96);
GW_CHECK_AT(gw_host_stream, charge, 104);
GW_CHECK_AT(gw_host_stream, event_payload, 112);
GW_CHECK_AT(gw_host_stream, now_ns, 120);

GW_CHECK_SIZE(gw_host_http, 40);
GW_CHECK_AT(gw_host_http, request_bind, 8);
GW_CHECK_AT(gw_host_http, request_frame, 16);
GW_CHECK_AT(gw_host_http, http_accept, 24);
GW_CHECK_AT(gw_host_http, http_reply, 32);

GW_CHECK_SIZE(gw_log_field, 32);
GW_CHECK_AT(gw_log_field, value, 16);

GW_CHECK_SIZE(gw_host_base, 80);
GW_CHECK_AT(gw_host_base, log, 8);
GW_CHECK_AT(gw_host_base, buf_new, 16);
GW_CHECK_AT(gw_host_base, buf_ref, 24);
GW_CHECK_AT(gw_host_base, buf_unref, 32);
GW_CHECK_AT(gw_host_base, buf_bytes, 40);
GW_CHECK_AT(gw_host_base, builder_append, 48);
GW_CHECK_AT(gw_host_base, metric_define, 56);
GW_CHECK_AT(gw_host_base, metric_add, 64);
GW_CHECK_AT(gw_host_base, metric_set, 72);

GW_CHECK_SIZE(gw_host, 56);
GW_CHECK_AT(gw_host, abi_version, 4);
GW_CHECK_AT(gw_host, host_version, 8);
GW_CHECK_AT(gw_host, base, 24);
GW_CHECK_AT(gw_host, stream, 32);
GW_CHECK_AT(gw_host, http, 40);
GW_CHECK_AT(gw_host, get_extension, 48);

GW_CHECK_SIZE(gw_sign_in, 48);
GW_CHECK_AT(gw_sign_in, kind, 4);
GW_CHECK_AT(gw_sign_in, flags, 8);
GW_CHECK_AT(gw_sign_in, account_p, 16);
GW_CHECK_AT(gw_sign_in, secret_p, 32);

GW_CHECK_SIZE(gw_host_login, 16);
GW_CHECK_AT(gw_host_login, sign_in, 8);

GW_CHECK_SIZE(gw_login_event, 64);
GW_CHECK_AT(gw_login_event, kind, 4);
GW_CHECK_AT(gw_login_event, secure_only, 8);
GW_CHECK_AT(gw_login_event, account_h, 16);
GW_CHECK_AT(gw_login_event, message_h, 32);
GW_CHECK_AT(gw_login_event, token_h, 48);

GW_CHECK_SIZE(gw_login_ext, 16);
GW_CHECK_AT(gw_login_ext, login, 8);

GW_CHECK_SIZE(gw_descriptor, 96);
GW_CHECK_AT(gw_descriptor, id, 8);
GW_CHECK_AT(gw_descriptor, name, 24);
GW_CHECK_AT(gw_descriptor, vendor, 40);
GW_CHECK_AT(gw_descriptor, version, 56);
GW_CHECK_AT(gw_descriptor, license, 72);
GW_CHECK_AT(gw_descriptor, unload_policy, 88);
GW_CHECK_AT(gw_descriptor, max_state_bytes, 92);

GW_CHECK_SIZE(gw_instance_ops, 64);
GW_CHECK_AT(gw_instance_ops, validate_config, 8);
GW_CHECK_AT(gw_instance_ops, create, 16);
GW_CHECK_AT(gw_instance_ops, start, 24);
GW_CHECK_AT(gw_instance_ops, reconfigure, 32);
GW_CHECK_AT(gw_instance_ops, drain, 40);
GW_CHECK_AT(gw_instance_ops, stop, 48);
GW_CHECK_AT(gw_instance_ops, destroy, 56);

GW_CHECK_SIZE(gw_plugin, 48);
GW_CHECK_AT(gw_plugin, descriptor, 8);
GW_CHECK_AT(gw_plugin, init, 16);
GW_CHECK_AT(gw_plugin, deinit, 24);
GW_CHECK_AT(gw_plugin, instance, 32);
GW_CHECK_AT(gw_plugin, get_extension, 40);

GW_CHECK_SIZE(gw_health_sink, 16);
GW_CHECK_AT(gw_health_sink, report, 8);

GW_CHECK_SIZE(gw_health_ext, 24);
GW_CHECK_AT(gw_health_ext, selftest, 8);
GW_CHECK_AT(gw_health_ext, report, 16);

GW_CHECK_SIZE(gw_config_ext, 16);
GW_CHECK_AT(gw_config_ext, schema, 8);

GW_CHECK_SIZE(gw_state_schema, 40);
GW_CHECK_AT(gw_state_schema, id, 8);
GW_CHECK_AT(gw_state_schema, version, 24);
GW_CHECK_AT(gw_state_schema, min_import, 28);
GW_CHECK_AT(gw_state_schema, max_export_down, 32);

GW_CHECK_SIZE(gw_bytes_sink, 16);
GW_CHECK_AT(gw_bytes_sink, write, 8);

GW_CHECK_SIZE(gw_migrate_ext, 64);
GW_CHECK_AT(gw_migrate_ext, schema, 8);
GW_CHECK_AT(gw_migrate_ext, quiesce, 16);
GW_CHECK_AT(gw_migrate_ext, resume, 24);
GW_CHECK_AT(gw_migrate_ext, export_state, 32);
GW_CHECK_AT(gw_migrate_ext, import_state, 40);
GW_CHECK_AT(gw_migrate_ext, commit, 48);
GW_CHECK_AT(gw_migrate_ext, released, 56);

GW_CHECK_SIZE(gw_work_call, 48);
GW_CHECK_AT(gw_work_call, ctx, 8);
GW_CHECK_AT(gw_work_call, input_h, 16);
GW_CHECK_AT(gw_work_call, write, 32);
GW_CHECK_AT(gw_work_call, is_unwanted, 40);

GW_CHECK_SIZE(gw_work_order, 48);
GW_CHECK_AT(gw_work_order, token, 8);
GW_CHECK_AT(gw_work_order, deadline_ms, 16);
GW_CHECK_AT(gw_work_order, run, 24);
GW_CHECK_AT(gw_work_order, input_p, 32);

GW_CHECK_SIZE(gw_host_work, 16);
GW_CHECK_AT(gw_host_work, start, 8);

GW_CHECK_SIZE(gw_work_answer, 40);
GW_CHECK_AT(gw_work_answer, outcome, 4);
GW_CHECK_AT(gw_work_answer, token, 8);
GW_CHECK_AT(gw_work_answer, status, 16);
GW_CHECK_AT(gw_work_answer, result_h, 24);

GW_CHECK_SIZE(gw_work_ext, 16);
GW_CHECK_AT(gw_work_ext, answered, 8);

GW_CHECK_SIZE(gw_note_desc, 88);
GW_CHECK_AT(gw_note_desc, flags, 4);
GW_CHECK_AT(gw_note_desc, sdk_version, 8);
GW_CHECK_AT(gw_note_desc, id, 24);
GW_CHECK_AT(gw_note_desc, plugin_version, 56);

GW_CHECK_SIZE(gw_note, 104);
GW_CHECK_AT(gw_note, desc_size, 4);
GW_CHECK_AT(gw_note, type, 8);
GW_CHECK_AT(gw_note, name, 12);
GW_CHECK_AT(gw_note, desc, 16);
#endif

#endif
