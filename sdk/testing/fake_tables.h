#pragma once
// The functions behind FakeHost's gw_host; a struct so that one friend declaration covers them all.

#include <string>

#include "testing/fake_host.h"

namespace gw::testing {

struct FakeTables {
  static FakeHost* current;  // the one FakeHost that lives
  static const gw_host& host();
  static std::string str(gw_slice slice);

  /// The connection, if it may be used in this way now; otherwise null, and what was wrong is recorded.
  static FakeConn* admitted(gw_host_conn* conn, const char* function, FakeConn::Reach reach);
  /// Records the sentence; the status, for `return violated(...)`.
  static gw_status violated(std::string sentence, gw_status status);

  static gw_status send(gw_host_conn* conn, gw_slice bytes);
  static gw_status sendBuf(gw_host_conn* conn, gw_buf* buf);
  static void close(gw_host_conn* conn, uint32_t code, gw_slice reason);
  static void readPause(gw_host_conn* conn);
  static void readResume(gw_host_conn* conn);
  static gw_status timerSet(gw_host_conn* conn, uint32_t id, uint64_t delayMs);
  static void timerCancel(gw_host_conn* conn, uint32_t id);
  static gw_status setClass(gw_host_conn* conn, uint64_t key, uint32_t flags, gw_slice description);
  static gw_status hello(gw_host_conn* conn, uint64_t token, const gw_hello* hello);
  static gw_status submit(gw_host_conn* conn, uint64_t token, const gw_input* input);
  static void ack(gw_host_conn* conn, uint64_t epoch, uint64_t seq);
  static gw_status frame(gw_host_conn* conn, gw_slice utf8);
  static gw_status charge(gw_host_conn* conn, uint32_t units);
  static gw_slice eventPayload(const gw_event* event);
  static uint64_t nowNs();
  static gw_status signIn(gw_host_conn* conn, const gw_sign_in* signIn);
  static gw_status startWork(gw_host_conn* conn, const gw_work_order* order);
  static const void* extension(gw_slice id);

  static gw_status requestBind(gw_host_req* req, uint32_t kind, gw_slice credential, uint64_t epoch, uint64_t seq,
                               uint64_t token);
  static gw_status requestFrame(gw_host_req* req, gw_slice bearer, gw_slice utf8, uint64_t token);
  static gw_status httpAccept(gw_host_req* req, uint32_t mode, const gw_header* headers, size_t count,
                              gw_slice subprotocol, gw_slice extensions, uint64_t user);
  static gw_status httpReply(gw_host_req* req, uint32_t status, const gw_header* headers, size_t count, gw_slice body);

  static void log(gw_host_inst* inst, int32_t level, gw_slice message, const gw_log_field* fields, size_t count);
  static gw_buf* bufNew(gw_slice bytes);
  static void bufRef(gw_buf* buf);
  static void bufUnref(gw_buf* buf);
  static gw_slice bufBytes(const gw_buf* buf);
  static gw_status builderAppend(gw_builder* builder, gw_slice bytes);
  static gw_status metricDefine(gw_host_inst* inst, uint32_t kind, gw_slice name, gw_slice help, uint32_t* metric);
  static void changeMetric(uint32_t metric, const char* function, int64_t value, bool isAdded);
  static void metricAdd(gw_host_inst* inst, uint32_t metric, int64_t delta);
  static void metricSet(gw_host_inst* inst, uint32_t metric, int64_t value);
};

}  // namespace gw::testing
