/* gw.config/1: the JSON Schema of an account's `options`, for validation and documentation. */
#ifndef GW_CONFIG_H
#define GW_CONFIG_H

#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_CONFIG "gw.config/1"

typedef struct gw_config_ext {
  uint32_t struct_size;
  /* [any] JSON Schema (draft 2020-12) as text, static storage. Properties may carry the annotations
   * "secret": true and "reloadable": true. */
  gw_slice (*schema)(void);
} gw_config_ext;

#ifdef __cplusplus
}
#endif
#endif /* GW_CONFIG_H */
