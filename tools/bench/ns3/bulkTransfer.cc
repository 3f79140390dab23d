// The workload of `npm run bench -- tcp` in ns-3: two nodes, a link of 10 Gb/s and 50 us, greedy flows in one direction.
// Usage: bulkTransfer FLOWS SEGMENTS. Prints CPU ns by segment of 1,460 bytes that arrived, after as many for warming up.

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/traffic-control-module.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

using namespace ns3;

namespace
{

constexpr uint32_t segmentBytes = 1460;
constexpr uint16_t firstPort = 5000;

uint64_t arrived = 0;
uint64_t warm = 0;
uint64_t wanted = 0;
std::clock_t started = 0;

void
OnReceived(Ptr<const Packet> packet, const Address&)
{
    const bool wasCold = arrived < warm;
    arrived += packet->GetSize();
    if (wasCold && arrived >= warm)
        started = std::clock();
    if (arrived >= warm + wanted)
        Simulator::Stop();
}

} // namespace

int
main(int argc, char** argv)
{
    if (argc != 3)
    {
        std::fprintf(stderr, "usage: bulkTransfer FLOWS SEGMENTS\n");
        return 2;
    }
    const uint32_t flows = std::strtoul(argv[1], nullptr, 10);
    warm = wanted = std::strtoull(argv[2], nullptr, 10) * segmentBytes;
    const uint32_t buffer = flows > 64 ? 64 * 1024 : 256 * 1024;
    Config::SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(TcpNewReno::GetTypeId()));
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(segmentBytes));
    Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(buffer));
    Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(buffer));
    Config::SetDefault("ns3::TcpSocketBase::Timestamp", BooleanValue(false));
    NodeContainer nodes;
    nodes.Create(2);
    PointToPointHelper link;
    link.SetDeviceAttribute("DataRate", StringValue("10Gbps"));
    link.SetChannelAttribute("Delay", StringValue("50us"));
    link.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("1000000p"));
    NetDeviceContainer devices = link.Install(nodes);
    InternetStackHelper internet;
    internet.Install(nodes);
    // Without a traffic control helper the address helper installs queue discs of its own, which are taken out again.
    Ipv4AddressHelper addresses;
    addresses.SetBase("192.0.2.0", "255.255.255.0");
    Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
    TrafficControlHelper control;
    control.Uninstall(devices);
    for (uint32_t flow = 0; flow < flows; flow++)
    {
        const uint16_t port = firstPort + flow;
        PacketSinkHelper sink("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), port));
        ApplicationContainer receiver = sink.Install(nodes.Get(1));
        receiver.Get(0)->TraceConnectWithoutContext("Rx", MakeCallback(&OnReceived));
        BulkSendHelper source("ns3::TcpSocketFactory", InetSocketAddress(interfaces.GetAddress(1), port));
        source.SetAttribute("SendSize", UintegerValue(segmentBytes));
        ApplicationContainer sender = source.Install(nodes.Get(0));
        sender.Start(MicroSeconds(2 * flow));
    }
    Simulator::Run();
    const double seconds = static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
    const double segments = static_cast<double>(arrived - warm) / segmentBytes;
    std::printf("%.1f\n", seconds * 1e9 / segments);
    // Taking a thousand sockets apart would only cost time.
    std::fflush(stdout);
    std::_Exit(0);
}
