import Foundation

/// bundle.json, as far as an app needs it; docs/guide/ios.md says what each key means.
public struct Manifest: Decodable {
    public struct File: Decodable, Equatable {
        public let size: Int
        public let sha256: String
    }

    public struct Licence: Decodable {
        public let spdx: String
        public let commercialUse: Bool
        public let note: String?

        enum CodingKeys: String, CodingKey {
            case spdx, note
            case commercialUse = "commercial_use"
        }
    }

    public struct Cube: Decodable {
        public let n: Int
        public let interpolation: String
    }

    public struct Units: Decodable {
        public let recommended: String
        public let verifiedOn: [String]

        enum CodingKeys: String, CodingKey {
            case recommended
            case verifiedOn = "verified_on"
        }
    }

    public struct Feature: Decodable {
        public let shape: [Int]
        public let dtype: String?
        public let scale: Double?
        public let bias: Double?
    }

    public struct Golden: Decodable {
        public let strides: [String: Int]
    }

    public struct Package: Decodable {
        public let functions: [String]
        public let inputs: [String: Feature]
        public let outputs: [String: Feature]
        public let computeUnits: Units
        public let memoryBytes: Int?
        public let cube: Cube?
        public let golden: Golden?
        public let tolerance: [String: Double]?

        enum CodingKeys: String, CodingKey {
            case functions, inputs, outputs, cube, golden, tolerance
            case computeUnits = "compute_units"
            case memoryBytes = "memory_bytes"
        }
    }

    public struct CoreML: Decodable {
        public let packages: [String: Package]
        public let golden: String?
    }

    public struct Variant: Decodable {
        public let files: [String: File]
        public let minimumOS: [String: String]?
        public let coreml: CoreML?

        enum CodingKeys: String, CodingKey {
            case files, coreml
            case minimumOS = "minimum_os"
        }
    }

    public struct Device: Decodable {
        public let identifiers: [String]
        public let `default`: String
        public let supported: [String]
    }

    public let schema: String
    public let name: String
    public let version: String
    public let licence: Licence
    public let files: [String: File]?
    public let variants: [String: Variant]
    public let deviceSupport: [Device]?

    enum CodingKeys: String, CodingKey {
        case schema, name, version, licence, files, variants
        case deviceSupport = "device_support"
    }

    public static func read(_ data: Data) throws -> Manifest {
        let found: Manifest
        do {
            found = try JSONDecoder().decode(Manifest.self, from: data)
        } catch {
            throw VeraError.invalid("bundle.json cannot be read: \(error). Fetch the bundle again.")
        }
        guard found.schema == "veraretouch.bundle/1" else {
            throw VeraError.incompatible("bundle.json is of \(found.schema). This app reads veraretouch.bundle/1.")
        }
        return found
    }

    /// Every file of a variant: its own and those of all variants.
    public func files(of variant: String) throws -> [String: File] {
        (files ?? [:]).merging(try self.variant(variant).files) { common, _ in common }
    }

    public func variant(_ name: String) throws -> Variant {
        guard let found = variants[name] else {
            throw VeraError.unknown("no variant \(name). There are \(variants.keys.sorted().joined(separator: ", ")).")
        }
        return found
    }

    /// The variant for a device such as iPhone17,1: the default of the longest prefix that fits.
    public func variant(forDevice identifier: String) throws -> String {
        let fitting = (deviceSupport ?? []).flatMap { device in
            device.identifiers.filter(identifier.hasPrefix).map { (prefix: $0, name: device.default) }
        }
        guard let best = fitting.max(by: { $0.prefix.count < $1.prefix.count }) else {
            throw VeraError.incompatible("\(name) names no variant for \(identifier). Its memory may be too small.")
        }
        return best.name
    }

    /// Refuse a variant that needs a newer system; versions are compared number by number.
    public func check(_ variant: String, system: String, version: [Int]) throws {
        guard let needed = try self.variant(variant).minimumOS else { return }
        guard let least = needed[system] else {
            throw VeraError.incompatible("\(variant) is not for \(system). It needs \(needed).")
        }
        let wanted = least.split(separator: ".").compactMap { Int($0) }
        for place in 0..<max(wanted.count, version.count) {
            let (have, need) = (place < version.count ? version[place] : 0, place < wanted.count ? wanted[place] : 0)
            if have > need { return }
            if have < need {
                throw VeraError.incompatible("\(variant) needs \(system) \(least). Update the system.")
            }
        }
    }
}
