#pragma once
// One file per noun adds its routes; docs/operators/admin-api.md lists them.

#include <vector>

#include "admin/route.h"

namespace gw::admin {

void addGatewayRoutes(std::vector<Route>& routes);  // status, health, version, shutdown
void addChannelRoutes(std::vector<Route>& routes);  // channels and operations
void addPluginRoutes(std::vector<Route>& routes);
void addSessionRoutes(std::vector<Route>& routes);
void addConnectionRoutes(std::vector<Route>& routes);
void addUserRoutes(std::vector<Route>& routes);
void addBanRoutes(std::vector<Route>& routes);
void addBroadcastRoutes(std::vector<Route>& routes);
void addBackendRoutes(std::vector<Route>& routes);
void addStoreRoutes(std::vector<Route>& routes);
void addTokenRoutes(std::vector<Route>& routes);
void addConfigRoutes(std::vector<Route>& routes);

}  // namespace gw::admin
