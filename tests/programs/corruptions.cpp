// The corruptions that dgp-shift studies: ranges, streams, and what each does to an image.
#include "../../examples/shift/corruptions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "../support/catch.hpp"

namespace {

using corruptions::Corruption;
using corruptions::Image;
using corruptions::Index;
using corruptions::SampleStream;

Image random_images(Index count, Index pixels) {
  SampleStream random(7);
  Image images(count, pixels);
  for (float& pixel : images.reshaped()) pixel = static_cast<float>(random.uniform());
  return images;
}

Image gray(Index height, Index width) { return Image::Constant(height, width, 0.5F); }

std::vector<float> sorted_pixels(const Image& image) {
  std::vector<float> pixels(image.data(), image.data() + image.size());
  std::sort(pixels.begin(), pixels.end());
  return pixels;
}

double deviation_of(const Image& image, double mean) {
  return std::sqrt((image.cast<double>().array() - mean).square().mean());
}

}  // namespace

TEST_CASE("corrupted images are images", "[corruptions]") {
  for (const auto& [height, width] : {std::array<Index, 2>{8, 8}, std::array<Index, 2>{28, 28},
                                      std::array<Index, 2>{5, 9}, std::array<Index, 2>{1, 3}}) {
    const Image images = random_images(6, height * width);
    for (const auto corruption : corruptions::all) {
      for (std::size_t intensity = 0; intensity < corruptions::intensities; ++intensity) {
        CAPTURE(corruptions::name_of(corruption), intensity, height, width);
        const Image result =
            corruptions::corrupted(images, height, width, corruption, intensity, 1);
        REQUIRE(result.rows() == images.rows());
        REQUIRE(result.cols() == images.cols());
        CHECK((result.array() >= 0).all());
        CHECK((result.array() <= 1).all());
      }
    }
  }
}

TEST_CASE("each image draws from its own stream", "[corruptions]") {
  Image images = random_images(5, 64);
  images.row(4) = images.row(3);
  for (const auto corruption : corruptions::all) {
    CAPTURE(corruptions::name_of(corruption));
    const auto corrupted = [&](const Image& some, std::uint64_t seed, std::size_t intensity) {
      return corruptions::corrupted(some, 8, 8, corruption, intensity, seed);
    };
    const Image result = corrupted(images, 1, 3);
    CHECK(result == corrupted(images, 1, 3));
    CHECK(result.topRows(2) == corrupted(images.topRows(2), 1, 3));
    CHECK(result != corrupted(images, 1, 4));
    // A blur draws nothing.
    const bool draws = corruption != Corruption::gaussian_blur;
    CHECK((result != corrupted(images, 2, 3)) == draws);
    CHECK((result.row(3) != result.row(4)) == draws);
  }
}

TEST_CASE("noise has the promised mean and spread", "[corruptions]") {
  constexpr double noise = 25.0 / 255;  // too little to be clipped
  SampleStream random(1);
  const Image gaussian = corruptions::with_gaussian_noise(gray(400, 400), noise, random);
  CHECK(gaussian.mean() == Approx(0.5).margin(2e-3));
  CHECK(deviation_of(gaussian, 0.5) == Approx(noise).epsilon(0.01));

  const Image uniform = corruptions::with_uniform_noise(gray(400, 400), noise, random);
  CHECK(uniform.mean() == Approx(0.5).margin(2e-3));
  CHECK(deviation_of(uniform, 0.5) == Approx(noise / std::sqrt(3)).epsilon(0.01));
  CHECK(uniform.minCoeff() >= static_cast<float>(0.5 - noise));
  CHECK(uniform.maxCoeff() <= static_cast<float>(0.5 + noise));

  const Image salted = corruptions::with_salt_and_pepper(gray(400, 400), 0.3, random);
  CHECK((salted.array() == 0).cast<double>().mean() == Approx(0.15).margin(0.005));
  CHECK((salted.array() == 1).cast<double>().mean() == Approx(0.15).margin(0.005));
  CHECK((salted.array() == 0.5F).cast<double>().mean() == Approx(0.7).margin(0.005));

  const Image dropped = corruptions::with_dropout(gray(400, 400), 0.3, random);
  CHECK((dropped.array() == 0).cast<double>().mean() == Approx(0.3).margin(0.005));
  CHECK((dropped.array() == 0.5F).cast<double>().mean() == Approx(0.7).margin(0.005));
}

TEST_CASE("the blur is a convolution with a Gaussian kernel", "[corruptions]") {
  const Image image = random_images(7, 5);
  const double sigma = 0.7;
  // The mirror stands on the edge pixels, which are not repeated.
  Image padded(9, 7);
  padded.block(1, 1, 7, 5) = image;
  padded.row(0) = padded.row(2);
  padded.row(8) = padded.row(6);
  padded.col(0) = padded.col(2);
  padded.col(6) = padded.col(4);
  Eigen::Matrix3d kernel;
  for (Index row = 0; row < 3; ++row) {
    for (Index col = 0; col < 3; ++col) {
      const auto distance = static_cast<double>((row - 1) * (row - 1) + (col - 1) * (col - 1));
      kernel(row, col) = std::exp(-distance / (2 * sigma * sigma));
    }
  }
  kernel /= kernel.sum();
  const Image blurred = corruptions::blurred(image, sigma);
  for (Index row = 0; row < 7; ++row) {
    for (Index col = 0; col < 5; ++col) {
      const double expected =
          padded.block(row, col, 3, 3).cast<double>().cwiseProduct(kernel).sum();
      CHECK(static_cast<double>(blurred(row, col)) == Approx(expected).epsilon(1e-6));
    }
  }
  CHECK(corruptions::blurred(gray(4, 4), sigma).isApprox(gray(4, 4)));
}

TEST_CASE("a shuffle takes pixels from the windows they are in", "[corruptions]") {
  const Image image = random_images(10, 12);
  const Index side = 4;
  SampleStream random(3);
  const Image shuffled = corruptions::shuffled(image, side, random);
  CHECK(shuffled != image);
  CHECK(shuffled.row(9) == image.row(9));
  CHECK(shuffled.col(11) == image.col(11));
  // The last window lies above all others: its pixels are those of the image, in another order.
  CHECK(sorted_pixels(shuffled.block(5, 7, side, side)) ==
        sorted_pixels(image.block(5, 7, side, side)));
  // Of any other window, the first pixel is left.
  for (Index row = 0; row < 5; ++row) {
    for (Index col = 0; col < 7; ++col) {
      CHECK((image.block(row, col, side, side).array() == shuffled(row, col)).any());
    }
  }
}

TEST_CASE("windows shrink with the picture", "[corruptions]") {
  const std::vector<double> published{3, 5, 7, 11, 13, 17};
  const auto sides = [&](Index height, Index width) {
    std::vector<Index> all;
    for (const double side : published) {
      all.push_back(corruptions::shuffled_side(side, height, width));
    }
    return all;
  };
  CHECK(sides(28, 28) == std::vector<Index>{3, 5, 7, 11, 13, 17});
  CHECK(sides(32, 64) == std::vector<Index>{3, 5, 7, 11, 13, 17});
  CHECK(sides(14, 28) == std::vector<Index>{2, 3, 4, 6, 7, 9});
  CHECK(sides(8, 8) == std::vector<Index>{2, 2, 2, 3, 4, 5});
}

TEST_CASE("a warp moves pixels where it says", "[corruptions]") {
  const Image image = random_images(6, 8);
  CHECK(corruptions::warped(image, {}) == image);
  const Image up = corruptions::warped(image, {.down = 1.0 / 6});
  CHECK(up.topRows(5).isApprox(image.bottomRows(5)));
  CHECK(up.row(5).isApprox(image.row(5)));
  const Image left = corruptions::warped(image, {.right = 2.0 / 8});
  CHECK(left.leftCols(6).isApprox(image.rightCols(6)));
  const Image square = random_images(5, 5);
  const Image turned = corruptions::warped(square, {.rotation = 180});
  CHECK(turned.isApprox(square.reverse(), 1e-5F));
  const Image quarter = corruptions::warped(square, {.rotation = 90});
  CHECK(quarter.isApprox(square.colwise().reverse().transpose(), 1e-5F));
  // Zoomed to twice its size, an image shows its middle.
  const Image middle = corruptions::warped(square, {.zoom_down = 0.5, .zoom_right = 0.5});
  CHECK(middle(2, 2) == square(2, 2));
  CHECK(middle(0, 0) == square(1, 1));
  CHECK(middle(4, 0) == square(3, 1));
}

TEST_CASE("corruptions refuse what they cannot corrupt", "[corruptions]") {
  const Image images = random_images(2, 12);
  CHECK_THROWS_AS(corruptions::corrupted(images, 3, 5, Corruption::affine, 0, 1),
                  std::invalid_argument);
  CHECK_THROWS_AS(corruptions::corrupted(images, 3, 4, Corruption::affine, 6, 1),
                  std::invalid_argument);
}
