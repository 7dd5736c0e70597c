#include "node/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "testing/error_of.h"
#include "testing/node_tree.h"
#include "testing/temp_folder.h"
#include "testing/test_pki.h"

namespace lifeboat::node {
namespace {

using base::cat;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kFolder = "etc/kubernetes/static-pod-resources/kube-apiserver-certs/";

class KubeconfigTest : public ::testing::Test {
 protected:
  Kubeconfig read(std::string_view text) {
    write("node/kubeconfig", text);
    return read_kubeconfig(*host_, "node/kubeconfig");
  }
  base::Error error_of(std::string_view text) {
    return testing::error_of([&] { read(text); });
  }
  void write(std::string_view path, std::string_view content) {
    testing::write_node_file(folder_.path(), path, content);
  }

  const testing::TempFolder folder_;
  const std::unique_ptr<os::HostTree> host_ = os::open_host_tree(folder_.path());
};

// With `cluster` and `user` as the members of the two that the current context names.
std::string config(std::string_view cluster, std::string_view user) {
  return cat(
      "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n"
      "- {name: there, context: {cluster: other, user: other}}\n"
      "- {name: here, context: {cluster: mine, user: me}}\n"
      "clusters:\n- {name: other, cluster: {server: 'https://other'}}\n- {name: mine, cluster: {",
      cluster, "}}\nusers:\n- {name: other, user: {token: other}}\n- {name: me, user: {", user,
      "}}\n");
}

constexpr std::string_view kServer = "server: 'https://localhost:6443'";

TEST_F(KubeconfigTest, OfAnOpenShiftNodeHasEverythingInItself) {
  const testing::TestCa ca("ca");
  const testing::KeyPair pair = ca.issue({});
  const Kubeconfig read_back =
      read(testing::make_kubeconfig("https://localhost:6443", ca.certificate_pem(), pair));
  EXPECT_EQ(read_back.client.url.text(), "https://localhost:6443");
  EXPECT_EQ(read_back.client.ca_pem, ca.certificate_pem());
  EXPECT_EQ(read_back.client.cert_pem, pair.certificate_pem);
  EXPECT_EQ(read_back.client.key_pem, pair.key_pem);
  EXPECT_EQ(read_back.client.server_name, "");
  EXPECT_FALSE(read_back.client.skip_verify);
  EXPECT_EQ(read_back.bearer_token, "");
}

TEST_F(KubeconfigTest, TakesClusterAndUserOfTheCurrentContext) {
  const Kubeconfig read_back = read(config(
      "server: 'https://api:6443/x', tls-server-name: recovery, insecure-skip-tls-verify: true",
      "token: mine"));
  EXPECT_EQ(read_back.client.url.text(), "https://api:6443");
  EXPECT_EQ(read_back.client.url.path, "/x");
  EXPECT_EQ(read_back.client.server_name, "recovery");
  EXPECT_TRUE(read_back.client.skip_verify);
  EXPECT_EQ(read_back.bearer_token, "mine");
}

TEST_F(KubeconfigTest, ReadsTheFilesOfTheNodeThatItNames) {
  write("pki/ca.crt", "CA");
  write("pki/me.crt", "CERT");
  write("node/me.key", "KEY");
  write("pki/token", "secret\n");
  const Kubeconfig read_back =
      read(config(cat(kServer, ", certificate-authority: /pki/ca.crt"),
                  "client-certificate: ../pki/me.crt, client-key: me.key, tokenFile: /pki/token, "
                  "token: older"));
  EXPECT_EQ(read_back.client.ca_pem, "CA");
  EXPECT_EQ(read_back.client.cert_pem, "CERT");
  EXPECT_EQ(read_back.client.key_pem, "KEY");
  EXPECT_EQ(read_back.bearer_token, "secret");
}

TEST_F(KubeconfigTest, DataGoesBeforeAFile) {
  const Kubeconfig read_back = read(config(
      cat(kServer, ", certificate-authority: /missing, certificate-authority-data: Q0E="), ""));
  EXPECT_EQ(read_back.client.ca_pem, "CA");
}

TEST_F(KubeconfigTest, FindsWhatThePodKnowsUnderAnotherName) {
  write(cat(kFolder, "configmaps/ca/ca.crt"), "CA");
  const std::string text =
      config(cat(kServer,
                 ", certificate-authority: /etc/kubernetes/static-pod-certs/configmaps/ca/ca.crt"),
             "");
  EXPECT_EQ(read(text).client.ca_pem, "CA");
  write("etc/kubernetes/static-pod-certs/configmaps/ca/ca.crt", "CA of the path as it is");
  EXPECT_EQ(read(text).client.ca_pem, "CA of the path as it is");
}

TEST_F(KubeconfigTest, ThatIsMissingIsNotFound) {
  const auto error = testing::error_of([&] { read_kubeconfig(*host_, "etc/none"); });
  EXPECT_EQ(error.code(), base::Code::kNotFound);
  EXPECT_THAT(error.what(), HasSubstr(folder_.path("etc/none")));
}

TEST_F(KubeconfigTest, WithAFileThatIsMissingIsNotFound) {
  const auto error = error_of(config(cat(kServer, ", certificate-authority: /pki/ca.crt"), ""));
  EXPECT_EQ(error.code(), base::Code::kNotFound);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("certificate-authority"), HasSubstr(folder_.path("pki/ca.crt"))));
}

TEST_F(KubeconfigTest, ThatCannotBeUnderstoodIsInvalid) {
  struct Row {
    std::string text;
    std::string_view words;
  };
  const Row table[] = {
      {"", "it has no current-context"},
      {"a: [", "kubeconfig"},
      {"[]", "it has no current-context"},
      {"current-context: ''", "it has no current-context"},
      {"current-context: here", "it names the context 'here', which is not in it"},
      {"current-context: here\ncontexts: {name: here}", "it names the context 'here'"},
      {"current-context: here\ncontexts:\n- name: here", "it has no cluster"},
      {"current-context: here\ncontexts:\n- {name: here, context: {cluster: c, user: u}}",
       "it names the cluster 'c', which is not in it"},
      {"current-context: here\ncontexts:\n- {name: here, context: {cluster: c}}\n"
       "clusters:\n- {name: c}",
       "it has no user"},
      {"current-context: here\ncontexts:\n- {name: here, context: {cluster: c, user: u}}\n"
       "clusters:\n- {name: c}",
       "it names the user 'u', which is not in it"},
      {config("", ""), "it has no server"},
      {config("server: localhost", ""), "bad URL 'localhost'"},
      {config(cat(kServer, ", certificate-authority-data: 'Q0E'"), ""),
       "certificate-authority-data is no base64"},
      {config(kServer, "client-key-data: '*secret*'"), "client-key-data is no base64"},
      {config(cat(kServer, ", insecure-skip-tls-verify: maybe"), ""), "neither true nor false"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.text);
    const base::Error error = error_of(row.text);
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_THAT(error.what(), AllOf(HasSubstr(folder_.path("node/kubeconfig")),
                                    HasSubstr(row.words), Not(HasSubstr("*secret*"))));
  }
}

TEST_F(KubeconfigTest, ThatNeedsMoreThanAFileIsUnsupported) {
  for (const std::string& text :
       {config(kServer, "exec: {command: oc}"), config(kServer, "username: me, password: secret"),
        config(kServer, "auth-provider: {name: oidc}"), config(kServer, "as: system:admin"),
        config(cat(kServer, ", proxy-url: 'http://proxy'"), "token: x")}) {
    SCOPED_TRACE(text);
    const base::Error error = error_of(text);
    EXPECT_EQ(error.code(), base::Code::kUnsupported);
    EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace lifeboat::node
