#include "core/divisor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace limbflow::core {
namespace {

TEST(Divisor, DividesToAUnitInTheLastPlaceAndIsItsValueElsewhere) {
  for (const double divisor : {3.0, 0.7, 1e-9, -49.0, 1e12})
    for (const double dividend : {1.0, -5.5, 0.1, 7e8}) {
      const Divisor<double> d(divisor);
      const double exact = dividend / divisor;
      EXPECT_LE(std::abs(dividend / d - exact), 2.0 * std::numeric_limits<double>::epsilon() * std::abs(exact));
      EXPECT_EQ(dividend * d, dividend * divisor);
    }
}

TEST(Divisor, FollowsWhatIsAssignedToIt) {
  Divisor<double> d(4.0);
  d = 8.0;
  EXPECT_EQ(d.value, 8.0);
  EXPECT_EQ(1.0 / d, 0.125);
}

} // namespace
} // namespace limbflow::core
