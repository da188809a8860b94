using System.Security.Cryptography;
using System.Text;

namespace Wagi.Runtime.Logs;

/// <summary>Names the log folder of a module: what a person recognises, and a hash that keeps apart what looks alike.</summary>
internal static class GuestLogName
{
    private const int MaxReadable = 100;

    private const int HashDigits = 12;

    /// <summary><c>default/hello</c> → <c>default-hello-5a1c8f02b7d3</c>. One name for one id, and a safe one whatever the id says.</summary>
    public static string Of(string id)
    {
        var readable = new StringBuilder();
        foreach (var character in id)
        {
            if (char.IsAsciiLetterOrDigit(character) || character is '_' or '.')
            {
                readable.Append(character);
            }
            else if (readable.Length > 0 && readable[^1] != '-')
            {
                readable.Append('-');
            }

            if (readable.Length == MaxReadable)
            {
                break;
            }
        }

        var name = readable.ToString().Trim('-', '.');
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..HashDigits];
        return name.Length == 0 ? hash : $"{name}-{hash}";
    }
}
