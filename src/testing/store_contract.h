// store/store.h as a test suite: every Store runs it.
//
//   INSTANTIATE_TEST_SUITE_P(DirStore, StoreContract, ::testing::Values(&make_dir_store_fixture));
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "store/store.h"

namespace lifeboat::testing {

// An empty store, and whatever it needs to live.
class StoreFixture {
 public:
  virtual ~StoreFixture() = default;
  virtual store::Store& store() = 0;
  // The same place seen by another process.
  virtual std::unique_ptr<store::Store> second_view() = 0;
  // False for a server that overlooks folders with nothing but folders in them.
  virtual bool finds_folders_of_folders() const { return true; }
};

using StoreFixtureFactory = std::unique_ptr<StoreFixture> (*)();

class StoreContract : public ::testing::TestWithParam<StoreFixtureFactory> {
 public:
  // Does nothing, in store_contract.cc: the reference to it makes the linker take the tests from
  // their archive into every program that instantiates them, and into no other.
  static void SetUpTestSuite();

 protected:
  void SetUp() override { fixture_ = GetParam()(); }
  store::Store& store() { return fixture_->store(); }

  std::unique_ptr<StoreFixture> fixture_;
};

}  // namespace lifeboat::testing
