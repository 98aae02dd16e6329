// swift-tools-version:5.10
import PackageDescription

let package = Package(
    name: "VeraRetouch",
    platforms: [.iOS(.v17), .macOS(.v14)],  // the models need iOS 18; each is refused below it by name
    products: [
        .library(name: "VeraBundle", targets: ["VeraBundle"]),
        .library(name: "VeraRetouch", targets: ["VeraRetouch"]),
    ],
    targets: [
        // Foundation alone: builds and is tested on Linux too.
        .target(name: "VeraBundle"),
        .target(name: "VeraRetouch", dependencies: ["VeraBundle"]),
        .testTarget(name: "VeraBundleTests", dependencies: ["VeraBundle"]),
        .testTarget(name: "DeviceParityTests", dependencies: ["VeraRetouch", "VeraBundle"]),
    ]
)
