#include "manifests/object.h"

#include "manifests/schedule.h"

namespace lifeboat::manifests {
namespace {

using base::Json;

Json texts(const std::map<std::string, std::string>& values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) json.set(name, value);
  return json;
}

}  // namespace

std::string Plan::server_folder() const {
  return options.platform == Platform::kK3s ? "/var/lib/rancher/k3s/server"
                                            : "/var/lib/rancher/rke2/server";
}

std::string Plan::client_secret() const {
  return options.etcd_secret.empty() ? "etcd-client" : options.etcd_secret;
}

std::string Plan::client_ca_configmap() const {
  return options.etcd_ca_configmap.empty() ? "etcd-ca-bundle" : options.etcd_ca_configmap;
}

Plan make_plan(const Options& options) {
  Plan plan{complete(options), ""};
  const auto pause = Schedule::parse(plan.options.schedule).longest_pause();
  plan.alert_after_seconds = std::to_string(2 * pause.count());
  return plan;
}

Json map(std::initializer_list<Json::Member> members) { return Json::Object(members); }

Json list(std::initializer_list<Json> elements) { return Json::Array(elements); }

Json selector(std::string_view component) {
  return map({{"app.kubernetes.io/name", "lifeboat"}, {"app.kubernetes.io/component", component}});
}

Json labels(const Plan& plan, std::string_view component) {
  Json result = selector(component);
  for (const auto& [name, value] : plan.options.labels) result.set(name, value);
  return result;
}

Json make_object(const Plan& plan, std::string_view api_version, std::string_view kind,
                 std::string_view name, std::string_view namespace_name,
                 std::string_view component) {
  Json metadata = map({{"name", name}});
  if (!namespace_name.empty()) metadata.set("namespace", namespace_name);
  metadata.set("labels", labels(plan, component));
  if (!plan.options.annotations.empty()) {
    metadata.set("annotations", texts(plan.options.annotations));
  }
  return map({{"apiVersion", api_version}, {"kind", kind}, {"metadata", std::move(metadata)}});
}

void annotate(Json& object, std::string_view key, std::string_view value) {
  Json metadata = *object.find("metadata");
  const Json* there = metadata.find("annotations");
  Json annotations = there == nullptr ? Json::object() : *there;
  annotations.set(key, value);
  metadata.set("annotations", std::move(annotations));
  object.set("metadata", std::move(metadata));
}

}  // namespace lifeboat::manifests
