#if canImport(CoreML)
import CoreML
import Foundation
import VeraBundle

/// Compiles packages once into Application Support, and holds one model at a time.
@available(iOS 18, macOS 15, *)
public actor ModelStore {
    private let bundle: BundleFolder
    private let compiled: URL
    private var held: (key: String, model: MLModel)?

    /// The bundle is verified here, before anything is compiled.
    public init(_ bundle: BundleFolder) throws {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        #if os(macOS)
        let system = "macOS"
        #else
        let system = "iOS"
        #endif
        try bundle.manifest.check(bundle.variant, system: system, version: [version.majorVersion, version.minorVersion])
        try bundle.verify()
        self.bundle = bundle
        let support = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        // By content: another revision is compiled anew, the same one never twice.
        var digest = SHA256()
        for (name, file) in try bundle.manifest.files(of: bundle.variant).sorted(by: { $0.key < $1.key }) {
            digest.update(Array("\(name)=\(file.sha256)\n".utf8))
        }
        compiled = support.appendingPathComponent("VeraRetouch", isDirectory: true)
            .appendingPathComponent(String(digest.finish().prefix(16)), isDirectory: true)
        try FileManager.default.createDirectory(at: compiled, withIntermediateDirectories: true)
    }

    /// A model, compiled if need be; the one before is let go first, since two may not fit into the app's memory.
    public func model(_ name: String, function: String? = nil) async throws -> MLModel {
        let key = "\(name)/\(function ?? "")"
        if let held, held.key == key { return held.model }
        held = nil
        let configuration = MLModelConfiguration()
        configuration.computeUnits = try units(name)
        configuration.functionName = function
        let model = try await MLModel.load(contentsOf: try await compiledPackage(name), configuration: configuration)
        held = (key, model)
        return model
    }

    public func release() { held = nil }

    private func units(_ name: String) throws -> MLComputeUnits {
        switch try bundle.manifest.variant(bundle.variant).coreml?.packages[name]?.computeUnits.recommended {
        case "cpuOnly": return .cpuOnly
        case "cpuAndGPU": return .cpuAndGPU
        case "cpuAndNeuralEngine": return .cpuAndNeuralEngine
        default: return .all
        }
    }

    private func compiledPackage(_ name: String) async throws -> URL {
        let target = compiled.appendingPathComponent("\(name).mlmodelc", isDirectory: true)
        if FileManager.default.fileExists(atPath: target.path) { return target }
        let draft = try await MLModel.compileModel(at: try bundle.package(name))
        // Moved in one step: a compilation that was cut short leaves nothing under the name.
        try FileManager.default.moveItem(at: draft, to: target)
        return target
    }
}

extension MLMultiArray {
    /// The values in the order of the shape, whatever the strides: buffers of the Neural Engine are padded.
    public var floats: [Float] {
        let shape = shape.map(\.intValue), strides = strides.map(\.intValue)
        var found = [Float](repeating: 0, count: count)
        withUnsafeBytes { bytes in
            for place in 0..<count {
                var rest = place, offset = 0
                for axis in shape.indices.reversed() {
                    offset += rest % shape[axis] * strides[axis]
                    rest /= shape[axis]
                }
                switch dataType {
                case .float16: found[place] = Float(bytes.load(fromByteOffset: 2 * offset, as: Float16.self))
                case .int32: found[place] = Float(bytes.load(fromByteOffset: 4 * offset, as: Int32.self))
                default: found[place] = bytes.load(fromByteOffset: 4 * offset, as: Float.self)
                }
            }
        }
        return found
    }

    public static func of(_ values: [Float], shape: [Int], type: MLMultiArrayDataType = .float32) throws -> MLMultiArray {
        let made = try MLMultiArray(shape: shape.map { NSNumber(value: $0) }, dataType: type)
        for (place, value) in values.enumerated() { made[place] = NSNumber(value: value) }
        return made
    }
}
#endif
