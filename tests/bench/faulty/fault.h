#pragma once
// What is wrong with a faulty build of one of the gateway's own channels. Each library links one fault_*.cpp
// object (fault.cpp), so that a channel's code is compiled once for all of them.

namespace gw::bench {

enum class Fault : unsigned char {
  kCrash,        // while an instance is made, so in the probe
  kHang,         // there too
  kRefuse,       // the account's options
  kImport,       // takes no connection over
  kStaysMapped,  // once it is not in the probe: its library is never unmapped again
};

extern const Fault kFault;

}  // namespace gw::bench
