#include "fault.h"

namespace gw::bench {

const Fault kFault = Fault::FAULTY_IS;

}  // namespace gw::bench
