#include "cli/node_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;
using testing::TestProgram;

constexpr char kCerts[] = "/host/etc/kubernetes/static-pod-resources/etcd-certs/";
constexpr char kBackup[] = "backup --vault /vault --cluster prod --host-root /host";

// An API server that says of every operator that it is at rest, or that it is not.
class FakeApi : public http::Client {
 public:
  explicit FakeApi(bool settled) : settled_(settled) {}

  http::Response send(const http::Request& /*request*/, std::stop_token /*stop*/) override {
    const char* status = settled_ ? "False" : "True";
    return {.status = 200,
            .headers = {},
            .body = cat(R"({"status":{"conditions":[{"type":"Progressing","status":")", status,
                        R"(","message":"revision 8 is rolled out"}]}})")};
  }

 private:
  const bool settled_;
};

class NodeOptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    put_openshift();
    program_.make_http_client = [this](const http::ClientOptions& options) {
      asked_ = options.url.text();
      return std::make_unique<FakeApi>(settled_);
    };
  }

  void put_openshift() {
    const std::string certs = kCerts;
    program_.fs.put_file(
        certs + "configmaps/etcd-scripts/etcd.env",
        "export ETCDCTL_ENDPOINTS=\"https://10.0.0.1:2379,https://10.0.0.2:2379\"\n"
        "export ETCDCTL_CACERT=\"/etc/kubernetes/static-pod-certs/configmaps/ca.crt\"\n"
        "export ETCDCTL_CERT=\"/etc/kubernetes/static-pod-certs/secrets/etcd-peer-cp-1.crt\"\n"
        "export ETCDCTL_KEY=\"/etc/kubernetes/static-pod-certs/secrets/etcd-peer-cp-1.key\"\n"
        "export NODE_cp_1_IP=\"10.0.0.2\"\n");
    program_.fs.put_file(certs + "configmaps/ca.crt", "the CA");
    program_.fs.put_file(certs + "secrets/etcd-peer-cp-1.crt", "the certificate");
    program_.fs.put_file(certs + "secrets/etcd-peer-cp-1.key", "the key");
    const std::string base = "/host/etc/kubernetes/";
    for (const char* pod :
         {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}) {
      const std::string folder = cat("static-pod-resources/", pod, "-pod-3");
      program_.fs.put_file(cat(base, "manifests/", pod, "-pod.yaml"),
                           cat("path: /etc/kubernetes/", folder, "\n"));
      program_.fs.put_file(cat(base, folder, "/pod.yaml"), pod);
    }
    program_.fs.put_file(cat(base,
                             "static-pod-resources/kube-apiserver-certs/secrets/node-kubeconfigs/"
                             "localhost.kubeconfig"),
                         "clusters:\n- name: c\n  cluster: {server: 'https://localhost:6443'}\n"
                         "contexts:\n- name: x\n  context: {cluster: c, user: u}\n"
                         "current-context: x\nusers:\n- name: u\n  user: {token: secret-token}\n");
  }

  TestProgram program_;
  bool settled_ = true;
  std::string asked_;
};

TEST_F(NodeOptionsTest, TheHostRootIsAllThatABackupNeeds) {
  const Outcome outcome = program_.run(kBackup);
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(program_.connected_with.endpoints,
              ElementsAre("https://10.0.0.2:2379", "https://10.0.0.1:2379"));
  EXPECT_EQ(program_.connected_with.ca.content, "the CA");
  EXPECT_EQ(program_.connected_with.cert.content, "the certificate");
  EXPECT_EQ(program_.connected_with.key.content, "the key");
  EXPECT_EQ(asked_, "https://localhost:6443");
  const std::string catalog = program_.run("show latest --vault /vault -o json").out;
  EXPECT_THAT(catalog, HasSubstr(R"("platform": "openshift")"));
  EXPECT_THAT(catalog, HasSubstr(R"("node": "cp-1")"));
  EXPECT_THAT(catalog, HasSubstr("static_kuberesources_2026-11-21_060000.tar.gz"));
}

TEST_F(NodeOptionsTest, FlagsWinOverWhatTheNodeSays) {
  program_.fs.put_file("/my.crt", "my certificate");
  program_.fs.put_file("/my.key", "my key");
  const Outcome outcome =
      program_.run(cat(kBackup, " --endpoints https://10.0.0.3:2379 --cert /my.crt --key /my.key"));
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(program_.connected_with.endpoints, ElementsAre("https://10.0.0.3:2379"));
  EXPECT_EQ(program_.connected_with.cert.content, "my certificate");
  EXPECT_EQ(program_.connected_with.ca.content, "the CA");
}

TEST_F(NodeOptionsTest, GivesNoCertificatesToAPlainEndpoint) {
  EXPECT_EQ(program_.run(cat(kBackup, " --endpoints http://10.0.0.3:2379")).code, kDone);
  EXPECT_FALSE(program_.connected_with.ca.given());
  EXPECT_FALSE(program_.connected_with.cert.given());
}

TEST_F(NodeOptionsTest, NeedsNothingOfTheNodesEtcdWhereAllIsGiven) {
  program_.fs.put_file(cat(kCerts, "configmaps/etcd-scripts/etcd.env"), "garbage here\n");
  for (const char* name : {"/my.crt", "/my.key", "/my-ca.crt"}) program_.fs.put_file(name, "pem");
  EXPECT_EQ(program_.run(kBackup).code, kUsage);
  EXPECT_EQ(program_
                .run(cat(kBackup,
                         " --endpoints https://10.0.0.3:2379 --cacert /my-ca.crt "
                         "--cert /my.crt --key /my.key"))
                .code,
            kDone);
}

TEST_F(NodeOptionsTest, SaysHowToDoWithoutAFileThatIsMalformed) {
  program_.fs.put_file("/kubeadm/etc/kubernetes/manifests/etcd.yaml", "spec: [unclosed");
  const Outcome outcome = program_.run("backup --vault /vault --cluster prod --host-root /kubeadm");
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("mend the file on the node, or do without it"));
}

TEST_F(NodeOptionsTest, AMountThatIsMissingDoesNotGoUnnoticed) {
  const Outcome outcome = program_.run("backup --vault /vault --cluster prod --host-root /empty");
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err, HasSubstr("no control plane"));
  EXPECT_THAT(outcome.err, HasSubstr("/etc/kubernetes"));
}

TEST_F(NodeOptionsTest, PlatformNoneReadsNothingOfTheNode) {
  const Outcome outcome = program_.run(cat(kBackup, " --platform none"));
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(program_.connected_with.endpoints, ElementsAre("127.0.0.1:2379"));
}

TEST_F(NodeOptionsTest, MarksABackupOfAChangingControlPlane) {
  settled_ = false;
  const Outcome outcome = program_.run(kBackup);
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.err, HasSubstr("may be changing"));
  EXPECT_EQ(program_.run(cat(kBackup, " --settled ignore")).code, kDone);
  EXPECT_EQ(program_.run(cat(kBackup, " --settled require")).code, kEtcd);
}

TEST_F(NodeOptionsTest, RefusesWhatNeedsANode) {
  for (const char* flags : {" --platform openshift", " --method script", " --method auto"}) {
    const Outcome outcome = program_.run(cat("backup --vault /vault --cluster prod", flags));
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_THAT(outcome.err, HasSubstr("needs --host-root"));
  }
}

TEST_F(NodeOptionsTest, RequiresAControlPlaneAtRestOnlyWhereOneCanBeAsked) {
  const std::string no_node = "backup --vault /vault --cluster prod";
  for (const auto& [line, words] : std::vector<std::pair<std::string, std::string>>{
           {no_node, "needs --host-root"},
           {cat(kBackup, " --platform none"), "this one is none"}}) {
    const Outcome outcome = program_.run(cat(line, " --settled require"));
    EXPECT_EQ(outcome.code, kUsage) << line;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    // These promise nothing.
    EXPECT_EQ(program_.run(cat(line, " --settled mark")).code, kDone) << line;
    EXPECT_EQ(program_.run(cat(line, " --settled ignore")).code, kDone) << line;
  }
}

class NodeDoctorTest : public NodeOptionsTest {
 protected:
  // The client certificate is none, which has a line of its own.
  Outcome run(const std::string& flags = "") {
    program_.probe_result.ok = true;
    return program_.run(
        cat("doctor --vault /vault --cluster prod --host-root /host "
            "--endpoints http://10.0.0.1:2379",
            flags));
  }
};

TEST_F(NodeDoctorTest, ReadsTheNodeToo) {
  program_.run(cat("doctor --vault /vault --cluster prod --host-root /host"));
  EXPECT_EQ(program_.connected_with.cert.content, "the certificate");
  program_.fs.set_capacity(100 << 20);
  const Outcome outcome = run();
  EXPECT_EQ(outcome.code, kDone) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("static pods  /host/etc/kubernetes"));
  EXPECT_THAT(outcome.out, HasSubstr("8 files and folders, 8."));
  EXPECT_THAT(outcome.out, HasSubstr("the control plane is at rest"));
  EXPECT_THAT(outcome.out, HasSubstr("more backups of 72."));
  EXPECT_THAT(outcome.out, Not(HasSubstr("script")));
}

TEST_F(NodeDoctorTest, NamesStaticPodsThatAreMissing) {
  program_.fs.remove_file("/host/etc/kubernetes/manifests/etcd-pod.yaml");
  const Outcome outcome = run();
  EXPECT_EQ(outcome.code, kAttention);
  EXPECT_THAT(outcome.out, HasSubstr("there is no /host/etc/kubernetes/manifests/etcd-pod.yaml"));
}

TEST_F(NodeDoctorTest, WarnsOfAControlPlaneThatChanges) {
  settled_ = false;
  EXPECT_THAT(run().out, HasSubstr("may be changing"));
  EXPECT_EQ(run().code, kAttention);
  EXPECT_EQ(run(" --settled require").code, kEtcd);
  EXPECT_EQ(run(" --settled ignore").code, kDone);
}

TEST_F(NodeDoctorTest, LooksForAScriptThatIsAskedFor) {
  EXPECT_EQ(run(" --method auto").code, kAttention);
  const Outcome missing = run(" --method script");
  EXPECT_EQ(missing.code, kNotFound);
  EXPECT_THAT(missing.out, HasSubstr("OpenShift's backup script is not there"));
}

TEST_F(NodeDoctorTest, FailsNotForStaticPodsThatFindNoRoom) {
  program_.fs.put_file("/host/etc/kubernetes/static-pod-resources/etcd-pod-3/large",
                       std::string(1 << 20, 'x'));
  program_.fs.set_capacity((1 << 20) + (200 << 10));
  const Outcome outcome = run();
  EXPECT_EQ(outcome.code, kAttention) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("room for 0 more backups of 1.1 MiB"));
}

}  // namespace
}  // namespace lifeboat::cli
