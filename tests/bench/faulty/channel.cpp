// A real channel (FAULTY_CHANNEL of FAULTY_HEADER) with one fault; everything else is the channel's own code.
#include <stdlib.h>
#include <unistd.h>

#include FAULTY_HEADER
#include "fault.h"
#include "gw/plugin.hpp"

namespace {

using gw::bench::Fault;
using gw::bench::kFault;
using gw::sdk::Error;

struct Pinned {
  ~Pinned() { used = 0; }
  int used = 1;
};

class Faulty : public FAULTY_CHANNEL {
 public:
  Faulty(gw::sdk::HostInst inst, std::string_view options) : FAULTY_CHANNEL(inst, options) {
    if (kFault == Fault::kCrash) abort();
    while (kFault == Fault::kHang) usleep(1000);
    if (kFault == Fault::kRefuse) throw Error("options.depth: expected a number");
    // The probe has no environment.
    if (kFault == Fault::kStaysMapped && getenv("PATH") != nullptr) {
      static thread_local Pinned pinned;  // its destructor keeps the library mapped until the thread ends
      pinned.used = 2;
    }
  }

  std::unique_ptr<gw::sdk::Stream> restore(gw::sdk::HostConn conn, const gw_open_info& info, gw::sdk::StateReader& in,
                                           uint64_t nowNs) {
    if (kFault == Fault::kImport) throw Error("it takes nobody over");
    return FAULTY_CHANNEL::restore(conn, info, in, nowNs);
  }
};

}  // namespace

GW_PLUGIN(Faulty);
