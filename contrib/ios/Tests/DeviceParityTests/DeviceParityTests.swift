#if canImport(CoreML)
import CoreML
import CoreVideo
import Foundation
import VeraBundle
import VeraRetouch
import XCTest

/// The bundle's golden tensors against this device, for each compute unit. Run on a device or a Mac:
/// VERA_BUNDLE names the bundle's folder and VERA_VARIANT the variant (on a device: in the test target's resources).
@available(iOS 18, macOS 15, *)
final class DeviceParityTests: XCTestCase {
    func testEveryPackageGivesItsGoldenValues() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let path = environment["VERA_BUNDLE"] else { throw XCTSkip("VERA_BUNDLE names no bundle") }
        let variant = environment["VERA_VARIANT"] ?? "coreml-fp16"
        let bundle = try BundleFolder(URL(fileURLWithPath: path), variant: variant)
        try bundle.verify()
        guard let facts = try bundle.manifest.variant(variant).coreml, let name = facts.golden else {
            return XCTFail("\(variant) has no golden tensors")
        }
        let golden = try Safetensors(bundle.url.appendingPathComponent("coreml/\(variant)/\(name)"))
        let units: [(String, MLComputeUnits)] = [
            ("cpuOnly", .cpuOnly), ("cpuAndGPU", .cpuAndGPU), ("cpuAndNeuralEngine", .cpuAndNeuralEngine),
        ]
        for (package, told) in facts.packages.sorted(by: { $0.key < $1.key }) where told.golden != nil {
            let compiled = try await MLModel.compileModel(at: try bundle.package(package))
            defer { try? FileManager.default.removeItem(at: compiled) }
            for (unit, choice) in units {
                for function in told.functions {
                    let configuration = MLModelConfiguration()
                    configuration.computeUnits = choice
                    configuration.functionName = told.functions.count > 1 ? function : nil
                    let model = try await MLModel.load(contentsOf: compiled, configuration: configuration)
                    // A package of two functions has the golden tensors of the two packages that it was made of.
                    let prefix = told.functions.count > 1 ? "\(package)_\(function)" : package
                    let inputs = { (input: String) in told.inputs[input] ?? told.inputs["\(function).\(input)"] }
                    try await judge(model, prefix, golden, inputs, tolerance: told.tolerance?[unit] ?? 0, on: unit)
                }
            }
        }
    }

    private func judge(
        _ model: MLModel, _ prefix: String, _ golden: Safetensors, _ told: (String) -> Manifest.Feature?,
        tolerance: Double, on unit: String
    ) async throws {
        var inputs: [String: Any] = [:]
        for (name, feature) in model.modelDescription.inputDescriptionsByName {
            let values = try golden.values("\(prefix)/inputs/\(name)")
            inputs[name] = feature.type == .image
                ? MLFeatureValue(pixelBuffer: try picture(values, feature))
                : try array(values, feature, scale: told(name)?.scale ?? 1, bias: told(name)?.bias ?? 0)
        }
        let given = try MLDictionaryFeatureProvider(dictionary: inputs)
        let stateful = !model.modelDescription.stateDescriptionsByName.isEmpty
        let found = stateful
            ? try await model.prediction(from: given, using: model.makeState()) : try await model.prediction(from: given)
        for name in model.modelDescription.outputDescriptionsByName.keys.sorted() {
            guard let array = found.featureValue(for: name)?.multiArrayValue else { return XCTFail("\(prefix): no \(name)") }
            let wanted = try golden.values("\(prefix)/outputs/\(name)")
            let step = max(1, (array.count + wanted.count - 1) / wanted.count)
            let parity = try Parity(found: array.floats, golden: wanted, stride: step, tolerance: tolerance)
            print("\(prefix).\(name) on \(unit): \(parity.largest) of \(parity.allowed) allowed")
            XCTAssertTrue(parity.holds, "\(prefix).\(name) on \(unit): \(parity.largest) above \(parity.allowed)")
        }
    }

    /// Pictures are stored as bytes: scale and bias make of them what goes in.
    private func array(_ values: [Float], _ feature: MLFeatureDescription, scale: Double, bias: Double) throws -> MLMultiArray {
        let constraint = feature.multiArrayConstraint!
        let scaled = scale == 1 && bias == 0 ? values : values.map { $0 * Float(scale) + Float(bias) }
        return try MLMultiArray.of(scaled, shape: constraint.shape.map(\.intValue), type: constraint.dataType)
    }

    private func picture(_ values: [Float], _ feature: MLFeatureDescription) throws -> CVPixelBuffer {
        let (width, height) = (feature.imageConstraint!.pixelsWide, feature.imageConstraint!.pixelsHigh)
        var made: CVPixelBuffer?
        CVPixelBufferCreate(nil, width, height, kCVPixelFormatType_32BGRA, nil, &made)
        let buffer = try XCTUnwrap(made)
        CVPixelBufferLockBaseAddress(buffer, [])
        defer { CVPixelBufferUnlockBaseAddress(buffer, []) }
        let bytes = try XCTUnwrap(CVPixelBufferGetBaseAddress(buffer)).assumingMemoryBound(to: UInt8.self)
        let row = CVPixelBufferGetBytesPerRow(buffer)
        for place in 0..<width * height {
            let (x, y) = (place % width, place / width)
            for (channel, at) in [(0, 2), (1, 1), (2, 0), (3, 3)] {
                bytes[y * row + 4 * x + at] = channel == 3 ? 255 : UInt8(values[channel * width * height + place])
            }
        }
        return buffer
    }
}
#endif
