#include "node/settled.h"

#include <array>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/text.h"
#include "node/kubeconfig.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;
using base::Json;

// Those whose files are in a backup.
constexpr std::array<std::string_view, 4> kOperators = {"kube-apiserver", "kube-controller-manager",
                                                        "kube-scheduler", "etcd"};
constexpr std::string_view kTarget = "/apis/config.openshift.io/v1/clusteroperators/";

// An operator is some 10 KiB.
constexpr std::uint64_t kAnswerMaxBytes = 1024 * 1024;

// Nobody knows: what the API server says is no answer to the question.
Error no_answer(const std::string& why) { return Error(Code::kUnavailable, why); }

std::string text_member(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  const std::string* text = member == nullptr ? nullptr : member->as_string();
  return text == nullptr ? std::string() : *text;
}

// What Kubernetes says besides the status code: "clusteroperators ... is forbidden: ...".
std::string status_message(const std::string& body) {
  try {
    return text_member(Json::parse(body), "message");
  } catch (const Error&) {
    return {};
  }
}

void check_status(const http::Response& response, std::string_view name) {
  if (response.status == 200) return;
  const std::string_view words = response.status == 401   ? "does not know the node's client"
                                 : response.status == 403 ? "does not let the node's client ask"
                                 : response.status == 404 ? "does not know it"
                                                          : "does not answer the question";
  const std::string message = base::printable(status_message(response.body));
  throw no_answer(cat("asked for the cluster operator ", name, ", the API server ", words, " (",
                      response.status, message.empty() ? "" : ": ", message, ")"));
}

// The condition Progressing of a cluster operator; nullptr if it has none.
const Json* find_progressing(const Json& cluster_operator) {
  const Json* status = cluster_operator.find("status");
  const Json* list = status == nullptr ? nullptr : status->find("conditions");
  const Json::Array* conditions = list == nullptr ? nullptr : list->as_array();
  if (conditions == nullptr) return nullptr;
  for (const Json& condition : *conditions) {
    if (text_member(condition, "type") == "Progressing") return &condition;
  }
  return nullptr;
}

// How the operator says that it is not at rest; empty if it is.
std::string read_progress(const http::Response& response, std::string_view name) {
  check_status(response, name);
  Json cluster_operator;
  try {
    cluster_operator = Json::parse(response.body);
  } catch (const Error&) {
    throw no_answer(
        cat("the API server's answer about the cluster operator ", name, " is no JSON"));
  }
  const Json* progressing = find_progressing(cluster_operator);
  const std::string status = progressing == nullptr ? "" : text_member(*progressing, "status");
  if (status.empty()) {
    throw no_answer(cat("the cluster operator ", name, " does not say whether it is progressing"));
  }
  if (status == "False") return {};
  const std::string message = base::printable(text_member(*progressing, "message"));
  return cat(name, " (", status == "True" ? "" : cat("status ", base::printable(status), ": "),
             message.empty() ? "no message" : message, ")");
}

// Asks one operator after the other, over one connection.
class Questions {
 public:
  Questions(os::HostTree& host, const MakeHttpClient& make_client,
            std::chrono::milliseconds timeout)
      : deadline_(std::chrono::steady_clock::now() + timeout),
        kubeconfig_(read_kubeconfig(host, std::string(kLocalhostKubeconfig))) {
    kubeconfig_.client.connect_timeout = timeout;
    kubeconfig_.client.response_timeout = timeout;
    kubeconfig_.client.body_max_bytes = kAnswerMaxBytes;
    client_ = make_client(kubeconfig_.client);
  }

  std::string ask(std::string_view name, const std::stop_token& stop) {
    http::Request request{.target = cat(kTarget, name),
                          .headers = {{"Accept", "application/json"}},
                          .deadline = deadline_};
    if (!kubeconfig_.bearer_token.empty()) {
      request.headers.emplace_back("Authorization", cat("Bearer ", kubeconfig_.bearer_token));
    }
    return read_progress(client_->send(request, stop), name);
  }

 private:
  const std::chrono::steady_clock::time_point deadline_;
  Kubeconfig kubeconfig_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace

SettledAnswer ask_whether_settled(os::HostTree& host, const MakeHttpClient& make_client,
                                  std::chrono::milliseconds timeout, std::stop_token stop) {
  base::throw_if_stopped(stop);
  std::vector<std::string> progressing;
  try {
    Questions questions(host, make_client, timeout);
    for (const std::string_view name : kOperators) {
      std::string progress = questions.ask(name, stop);
      if (!progress.empty()) progressing.push_back(std::move(progress));
    }
  } catch (const Error& error) {
    if (error.code() == Code::kCancelled) throw;
    // One that is progressing is answer enough, whatever the others would have said.
    if (progressing.empty()) {
      return {false, cat("nobody knows whether the control plane is settled: ", error.what())};
    }
  }
  if (progressing.empty()) return {true, {}};
  return {false,
          cat("the control plane is not settled, progressing: ", base::join(progressing, ", "))};
}

}  // namespace lifeboat::node
