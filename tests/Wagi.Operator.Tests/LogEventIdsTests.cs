using System.Reflection;
using Microsoft.Extensions.Logging;
using Wagi.Operator.Commands;

namespace Wagi.Operator.Tests;

public sealed class LogEventIdsTests
{
    [Fact]
    public void EveryLogMessage_HasAnEventIdOfItsOwn()
    {
        const BindingFlags Any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;
        var messages = typeof(RootCommandFactory).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(Any))
            .Select(method => (Name: $"{method.DeclaringType!.Name}.{method.Name}", Message: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(pair => pair.Message is not null)
            .ToList();

        Assert.NotEmpty(messages);
        Assert.Empty(messages.GroupBy(pair => pair.Message!.EventId).Where(group => group.Key <= 0 || group.Count() > 1).SelectMany(group => group).Select(pair => pair.Name));
    }
}
