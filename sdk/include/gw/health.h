/* gw.health/1: how a plugin says that it is well. Non-blocking. */
#ifndef GW_HEALTH_H
#define GW_HEALTH_H

#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_HEALTH "gw.health/1"

enum { GW_HEALTH_OK = 0, GW_HEALTH_DEGRADED = 1, GW_HEALTH_FAILED = 2 };

typedef struct gw_health_sink {
  void* ctx;
  /* level: GW_HEALTH_*; text_p: one sentence, may be empty for OK. */
  void (*report)(void* ctx, uint32_t level, gw_slice text_p);
} gw_health_sink;

typedef struct gw_health_ext {
  uint32_t struct_size;
  /* [control] Exercises the codec without I/O; also run in the probe process. */
  gw_status (*selftest)(gw_inst* inst, gw_err* err);
  /* [control] Reports the instance's health now. */
  void (*report)(gw_inst* inst, gw_health_sink* sink);
} gw_health_ext;

#ifdef __cplusplus
}
#endif
#endif /* GW_HEALTH_H */
