import Foundation

/// A variant of a bundle in a folder; nothing is opened before all of it is what bundle.json says.
public struct BundleFolder {
    public let url: URL
    public let manifest: Manifest
    public let variant: String

    /// - Parameter sha256: of bundle.json, where the app fixes the revision that it was built for.
    public init(_ url: URL, variant: String, sha256: String? = nil) throws {
        let data: Data
        do {
            data = try Data(contentsOf: url.appendingPathComponent("bundle.json"))
        } catch {
            throw VeraError.tampered("bundle.json is missing. Fetch the bundle again.")
        }
        if let sha256 {
            var digest = SHA256()
            digest.update(data)
            guard digest.finish() == sha256 else {
                throw VeraError.tampered("bundle.json is of another revision. This app was built for \(sha256.prefix(12))...")
            }
        }
        self.url = url
        self.manifest = try Manifest.read(data)
        self.variant = variant
        _ = try manifest.variant(variant)
    }

    /// Hash every file, and refuse what is listed nowhere within the packages.
    public func verify() throws {
        let known = try manifest.files(of: variant)
        for (name, file) in known.sorted(by: { $0.key < $1.key }) {
            try BundleFolder.check(url.appendingPathComponent(name), name: name, file: file)
        }
        let inside = Set(known.keys)
        for package in Set(known.keys.compactMap(BundleFolder.package)) {
            let folder = url.appendingPathComponent(package)
            guard let found = FileManager.default.enumerator(atPath: folder.path) else { continue }
            for case let path as String in found {
                var isFolder: ObjCBool = false
                let whole = folder.appendingPathComponent(path).path
                _ = FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder)
                if !isFolder.boolValue, !inside.contains("\(package)/\(path)") {
                    throw VeraError.tampered("\(package)/\(path) is in no list. Fetch the bundle again.")
                }
            }
        }
    }

    /// Where a package lies, by its name.
    public func package(_ name: String) throws -> URL {
        let known = try manifest.files(of: variant).keys.compactMap(BundleFolder.package)
        guard let path = known.first(where: { $0.hasSuffix("/\(name).mlpackage") || $0 == "\(name).mlpackage" }) else {
            throw VeraError.unknown("\(variant) has no package \(name).")
        }
        return url.appendingPathComponent(path)
    }

    /// The table of styles, where the planner takes one.
    public func styles() throws -> Styles {
        let name = "coreml/\(variant)/styles.json"
        guard let file = try manifest.files(of: variant)[name] else {
            throw VeraError.unknown("\(variant) has no styles. Only tiny takes one.")
        }
        let place = url.appendingPathComponent(name)
        try BundleFolder.check(place, name: name, file: file)
        return try Styles.read(Data(contentsOf: place))
    }

    static func package(_ path: String) -> String? {
        guard let end = path.range(of: ".mlpackage/") else { return nil }
        return String(path[..<end.lowerBound]) + ".mlpackage"
    }

    static func check(_ url: URL, name: String, file: Manifest.File) throws {
        guard let handle = try? FileHandle(forReadingFrom: url) else {
            throw VeraError.tampered("\(name) is missing. Fetch the bundle again.")
        }
        defer { try? handle.close() }
        var digest = SHA256()
        var size = 0
        while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
            digest.update(part)
            size += part.count
        }
        guard size == file.size, digest.finish() == file.sha256 else {
            throw VeraError.tampered("\(name) is not what bundle.json says. Fetch the bundle again.")
        }
    }
}
