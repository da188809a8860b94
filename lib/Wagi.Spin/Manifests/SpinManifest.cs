using System.Collections.Immutable;
using Wagi.Spin.Applications;

namespace Wagi.Spin.Manifests;

/// <summary>A <c>spin.toml</c>.</summary>
/// <param name="Application">The application.</param>
/// <param name="Contents">Id of a component → where its bytes and files are.</param>
/// <param name="Version">The application's version; empty when it has none.</param>
public sealed record SpinManifest(SpinApplication Application, ImmutableDictionary<string, SpinContent> Contents, string Version);

/// <summary>Where the bytes and files of a component are. Paths start at the folder of the <c>spin.toml</c>.</summary>
/// <param name="File">The file with the WebAssembly; null: there is none.</param>
/// <param name="NoFile">Why there is none; null when there is.</param>
/// <param name="Folders">The folders that it sees.</param>
/// <param name="LeftOut">Files that it sees in Spin, and not here, each with its reason.</param>
public sealed record SpinContent(string? File, string? NoFile, ImmutableArray<SpinFolder> Folders, ImmutableArray<string> LeftOut);

/// <summary>A folder that a component sees.</summary>
/// <param name="Source">The folder.</param>
/// <param name="Path">Where the component sees it.</param>
public sealed record SpinFolder(string Source, string Path);
