using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Authentication;

/// <summary>Runs <c>docker-credential-NAME get</c> (Docker's credential helper protocol).</summary>
internal static class CredentialHelper
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>The helper's credential for <paramref name="server"/>; null if it has none.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.Credentials"/> when it cannot be run or fails.</exception>
    public static async Task<Credential?> GetAsync(string name, string server, CancellationToken cancellationToken)
    {
        // The name comes from a file and becomes part of a program's name: it must not lead to another folder.
        if (name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            throw new OciException(OciErrorKind.Credentials, $"'{name}' is not the name of a Docker credential helper");
        }

        var program = "docker-credential-" + name;
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, ["get"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new OciException(
                OciErrorKind.Credentials,
                $"{program}, which the Docker configuration names for {server}, cannot be run: {exception.Message}",
                innerException: exception);
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await WriteServerAsync(process, server);
            var output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            await errors;
            if (process.ExitCode == 0)
            {
                return Read(program, server, output);
            }
            // Helpers report a missing entry as a failure, with this text on standard output.
            if (output.Contains("credentials not found", StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }

            throw new OciException(
                OciErrorKind.Credentials,
                $"{program} get failed for {server} with exit code {process.ExitCode}; run it by hand to see why");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OciException(
                OciErrorKind.Credentials,
                $"{program} get did not answer for {server} within {Deadline.TotalSeconds:0} s");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static async Task WriteServerAsync(Process process, string server)
    {
        try
        {
            await process.StandardInput.WriteAsync(server);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The helper ended without reading: its exit code says why.
        }
    }

    private static Credential? Read(string program, string server, string output)
    {
        HelperAnswer? answer;
        try
        {
            answer = JsonSerializer.Deserialize(output, AuthenticationJsonContext.Default.HelperAnswer);
        }
        catch (JsonException)
        {
            throw new OciException(OciErrorKind.Credentials, $"{program} get printed something other than JSON for {server}");
        }

        if (string.IsNullOrEmpty(answer?.Secret))
        {
            return null;
        }
        // In the protocol this user name marks the secret as an identity token.
        return answer.Username == "<token>" ? Credential.Refresh(answer.Secret) : Credential.Basic(answer.Username ?? "", answer.Secret);
    }
}

/// <summary>What <c>docker-credential-NAME get</c> prints.</summary>
internal sealed class HelperAnswer
{
    [JsonPropertyName("Username")]
    public string? Username { get; init; }

    [JsonPropertyName("Secret")]
    public string? Secret { get; init; }
}
