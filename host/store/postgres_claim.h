#pragma once
// A run's claim on its gateway's name in a database that several gateways may share. Internal to host/store.
//
// All connections of a run share a lock on the name. A start takes the lock alone for a moment: so it waits
// until the last connection of the run before is gone, and with it whatever the server was still about to
// commit for a gateway that was killed. A run that lost its connections, and its place meanwhile, notices by
// the run's number when it comes back.

#include <Poco/Data/Session.h>

#include <chrono>
#include <string>

namespace gw::store {

struct PostgresClaim {
  std::string gatewayId;
  std::string run;  // counts up
};

/// Waits up to `wait` for the run before. Throws as Sql does (SQLSTATE 55P03: it is still there). `session`
/// holds the place until connections that joined do.
PostgresClaim claimPlace(const Poco::Data::Session& session, const std::string& gatewayId,
                         std::chrono::milliseconds wait);

/// A further connection of the run. Throws PostgresUnreachable if another run has the place, and as Sql does.
void joinRun(const Poco::Data::Session& session, const PostgresClaim& claim);

}  // namespace gw::store
