#include "node/settled.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "testing/error_of.h"
#include "testing/node_tree.h"
#include "testing/temp_folder.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Json;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kNobodyKnows = "nobody knows whether the control plane is settled: ";
constexpr std::string_view kPath = "/apis/config.openshift.io/v1/clusteroperators/";

Json condition(std::string_view type, std::string_view status, std::string_view message) {
  return Json::object()
      .set("type", type)
      .set("status", status)
      .set("reason", "AsExpected")
      .set("message", message);
}

std::string cluster_operator(const Json& conditions) {
  return Json::object()
      .set("kind", "ClusterOperator")
      .set("status", Json::object().set("conditions", conditions))
      .dump(0);
}

std::string with_progressing(std::string_view status, std::string_view message) {
  return cluster_operator(Json::array()
                              .push(condition("Degraded", "False", "NodeControllerDegraded: fine"))
                              .push(condition("Progressing", status, message))
                              .push(condition("Available", "True", "")));
}

// An API server as a test wants it.
struct FakeApi {
  http::Response answer(const http::Request& request, const std::stop_token& stop) {
    requests.push_back(request);
    if (failure) throw *failure;
    if (stop.stop_requested()) throw base::Error(Code::kCancelled, "stopped on request");
    const auto found = answers.find(request.target);
    return found == answers.end() ? usual : found->second;
  }

  http::Response usual = {.status = 200, .body = with_progressing("False", "")};
  std::map<std::string, http::Response> answers;  // by target
  std::optional<base::Error> failure;
  std::vector<http::Request> requests;
  std::optional<http::ClientOptions> options;  // of the last client that was made
};

class FakeClient : public http::Client {
 public:
  explicit FakeClient(FakeApi& api) : api_(api) {}
  http::Response send(const http::Request& request, std::stop_token stop) override {
    return api_.answer(request, stop);
  }

 private:
  FakeApi& api_;
};

class Settled : public ::testing::Test {
 protected:
  Settled() {
    write_kubeconfig(testing::make_kubeconfig("https://localhost:6443", "CA", {"C", "K"}));
  }

  void write_kubeconfig(std::string_view text) {
    testing::write_node_file(folder_.path(), kLocalhostKubeconfig, text);
  }
  void say(std::string_view name, const std::string& body, unsigned status = 200) {
    api_.answers[cat(kPath, name)] = {.status = status, .body = body};
  }
  SettledAnswer ask(const std::stop_token& stop = {}) {
    const auto make_client = [this](const http::ClientOptions& options) {
      api_.options = options;
      return std::make_unique<FakeClient>(api_);
    };
    return ask_whether_settled(*host_, make_client, seconds(7), stop);
  }
  void expect_nobody_knows(std::string_view words) {
    const SettledAnswer answer = ask();
    EXPECT_FALSE(answer.settled);
    EXPECT_THAT(answer.reason, AllOf(StartsWith(kNobodyKnows), HasSubstr(words)));
    EXPECT_THAT(answer.reason, Not(HasSubstr("\n")));
  }

  const testing::TempFolder folder_;
  const std::unique_ptr<os::HostTree> host_ = os::open_host_tree(folder_.path());
  FakeApi api_;
};

TEST_F(Settled, WhenNoOperatorIsProgressing) {
  const SettledAnswer answer = ask();
  EXPECT_TRUE(answer.settled);
  EXPECT_EQ(answer.reason, "");
}

TEST_F(Settled, AsksTheApiServerOfTheKubeconfigAboutFourOperators) {
  const auto begin = steady_clock::now();
  ask();
  ASSERT_TRUE(api_.options);
  EXPECT_EQ(api_.options->url.text(), "https://localhost:6443");
  EXPECT_EQ(api_.options->ca_pem, "CA");
  EXPECT_EQ(api_.options->cert_pem, "C");
  EXPECT_EQ(api_.options->key_pem, "K");
  std::vector<std::string> targets;
  for (const http::Request& request : api_.requests) {
    targets.push_back(request.target);
    EXPECT_EQ(request.method, "GET");
    EXPECT_THAT(request.headers, ElementsAre(std::pair("Accept", "application/json")));
    ASSERT_TRUE(request.deadline);
    EXPECT_EQ(request.deadline, api_.requests[0].deadline);
    EXPECT_GE(*request.deadline, begin + seconds(7));
    EXPECT_LE(*request.deadline, steady_clock::now() + seconds(7));
  }
  EXPECT_THAT(targets,
              ElementsAre(cat(kPath, "kube-apiserver"), cat(kPath, "kube-controller-manager"),
                          cat(kPath, "kube-scheduler"), cat(kPath, "etcd")));
}

TEST_F(Settled, ShowsTheKubeconfigsToken) {
  write_kubeconfig(
      "current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
      "clusters: [{name: a, cluster: {server: 'https://h'}}]\n"
      "users: [{name: a, user: {token: secret}}]\n");
  EXPECT_TRUE(ask().settled);
  EXPECT_THAT(api_.requests.at(0).headers,
              ElementsAre(std::pair("Accept", "application/json"),
                          std::pair("Authorization", "Bearer secret")));
}

// ---- Progressing --------------------------------------------------------------------------------

TEST_F(Settled, NotWhileOperatorsAreProgressing) {
  say("etcd", with_progressing("True", "NodeInstallerProgressing: 1 node is at revision 7"));
  say("kube-scheduler", with_progressing("True", ""));
  const SettledAnswer answer = ask();
  EXPECT_FALSE(answer.settled);
  EXPECT_EQ(answer.reason,
            "the control plane is not settled, progressing: kube-scheduler (no message), etcd "
            "(NodeInstallerProgressing: 1 node is at revision 7)");
}

TEST_F(Settled, OnlyIfTheOperatorSaysSoItself) {
  for (const char* status : {"Unknown", "false", "no", "FALSE", "False "}) {
    SCOPED_TRACE(status);
    say("etcd", with_progressing(status, "why"));
    const SettledAnswer answer = ask();
    EXPECT_FALSE(answer.settled);
    EXPECT_THAT(answer.reason, HasSubstr(cat("progressing: etcd (status ", status, ": why)")));
  }
}

TEST_F(Settled, WhatAnOperatorSaysIsMadeFitForOneLine) {
  say("etcd", with_progressing("True", "a\nb\x1B[31m" + std::string(5000, 'x')));
  const SettledAnswer answer = ask();
  EXPECT_THAT(answer.reason, HasSubstr("a?b?[31m"));
  EXPECT_LT(answer.reason.size(), 400u);
}

TEST_F(Settled, OneThatIsProgressingIsAnswerEnough) {
  say("kube-apiserver", with_progressing("True", "rollout"));
  say("etcd", "", 503);
  EXPECT_EQ(ask().reason,
            "the control plane is not settled, progressing: kube-apiserver (rollout)");
}

// ---- Nobody knows -------------------------------------------------------------------------------

TEST_F(Settled, NobodyKnowsWithoutTheCondition) {
  const std::string_view words = "operator etcd does not say whether it is progressing";
  for (const std::string& body :
       {cluster_operator(Json::array()), cluster_operator(Json::object()),
        cluster_operator(Json::array().push(condition("Available", "True", "")).push(5)),
        cluster_operator(Json::array().push(Json::object().set("type", "Progressing"))),
        cluster_operator(
            Json::array().push(Json::object().set("type", "Progressing").set("status", false))),
        std::string("{}"), std::string("[]"), std::string("null"),
        std::string(R"({"status": {}})")}) {
    SCOPED_TRACE(body);
    say("etcd", body);
    expect_nobody_knows(words);
  }
}

TEST_F(Settled, NobodyKnowsIfTheAnswerIsGarbage) {
  for (const char* body : {"", "<html>", "{", R"({"status": "\xFF"})"}) {
    say("kube-scheduler", body);
    expect_nobody_knows("answer about the cluster operator kube-scheduler is no JSON");
  }
}

TEST_F(Settled, NobodyKnowsIfTheApiServerRefuses) {
  const std::string forbidden = Json::object()
                                    .set("kind", "Status")
                                    .set("message", "clusteroperators is forbidden:\nno")
                                    .dump();
  say("kube-apiserver", forbidden, 403);
  expect_nobody_knows(
      "asked for the cluster operator kube-apiserver, the API server does not let the node's "
      "client ask (403: clusteroperators is forbidden:?no)");
  say("kube-apiserver", "", 401);
  expect_nobody_knows("does not know the node's client (401)");
  say("kube-apiserver", "404 page not found\n", 404);
  expect_nobody_knows("does not know it (404)");
  for (const unsigned status : {204u, 302u, 429u, 500u, 503u}) {
    say("kube-apiserver", with_progressing("False", ""), status);
    expect_nobody_knows(cat("does not answer the question (", status, ")"));
  }
}

TEST_F(Settled, NobodyKnowsIfTheApiServerIsNotThere) {
  for (const Code code : {Code::kUnavailable, Code::kDenied, Code::kCorrupt}) {
    api_.failure.emplace(code, "https://localhost:6443: why");
    expect_nobody_knows("https://localhost:6443: why");
  }
  EXPECT_EQ(api_.requests.size(), 3u) << "one that fails is enough";
}

TEST_F(Settled, NobodyKnowsWithoutAKubeconfig) {
  std::filesystem::remove(folder_.path(kLocalhostKubeconfig));
  expect_nobody_knows("localhost.kubeconfig");
  EXPECT_FALSE(api_.options.has_value());
  write_kubeconfig("a: [");
  expect_nobody_knows("localhost.kubeconfig");
}

TEST_F(Settled, NobodyKnowsWithKeysThatCannotWork) {
  const SettledAnswer answer =
      ask_whether_settled(*host_, &http::make_client, seconds(1), std::stop_token());
  EXPECT_FALSE(answer.settled);
  EXPECT_THAT(answer.reason, AllOf(StartsWith(kNobodyKnows), HasSubstr("no certificate in it")));
}

TEST_F(Settled, AStopIsNoAnswer) {
  std::stop_source stop;
  stop.request_stop();
  const auto error = testing::error_of([&] { ask(stop.get_token()); });
  EXPECT_EQ(error.code(), Code::kCancelled);
}

TEST_F(Settled, AStopWhileAskingIsNoAnswer) {
  api_.failure.emplace(Code::kCancelled, "stopped on request");
  say("kube-apiserver", with_progressing("True", ""));
  const auto error = testing::error_of([&] { ask(); });
  EXPECT_EQ(error.code(), Code::kCancelled);
}

}  // namespace
}  // namespace lifeboat::node
