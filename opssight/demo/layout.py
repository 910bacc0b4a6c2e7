"""The demo plant as plain data: where its equipment stands, how it is connected, who works there.

The company and all of its people are invented.
"""

from typing import Literal

Rhythm = Literal["continuous", "two shifts", "weather"]

ORGANIZATION = "Kestrelholm Process Industries"
TIME_ZONE = "Europe/Berlin"

# code, name, time zone, then °C: yearly mean; swing with the season, the day, the weather
SITES: tuple[tuple[str, str, str, float, float, float, float], ...] = (
    ("HAM", "Hamburg Harbor Works", "Europe/Berlin", 10.0, 8.5, 3.5, 1.0),
    ("HOU", "Houston Ship Channel Plant", "America/Chicago", 21.0, 8.0, 5.0, 1.0),
    ("PUN", "Pune Chākan Works", "Asia/Kolkata", 25.0, 4.5, 6.0, 0.5),
)

# tag, name, category, parent tag (or site code), criticality 1-5, rhythm
Row = tuple[str, str, str, str, int, Rhythm]
C: Rhythm = "continuous"
S: Rhythm = "two shifts"
W: Rhythm = "weather"

ASSETS: tuple[Row, ...] = (
    # Hamburg
    ("U-100", "Unit 100 Solvent Recovery", "unit", "HAM", 4, C),
    ("SYS-110", "Column Feed System", "system", "U-100", 4, C),
    ("P-101A", "Column Feed Pump A", "pump", "SYS-110", 5, C),
    ("P-101B", "Column Feed Pump B", "pump", "SYS-110", 4, C),
    ("M-101A", "Column Feed Pump A Motor", "motor", "SYS-110", 4, C),
    ("M-101B", "Column Feed Pump B Motor", "motor", "SYS-110", 3, C),
    ("E-101", "Feed Preheater", "heat exchanger", "SYS-110", 3, C),
    ("E-102", "Overhead Condenser", "heat exchanger", "SYS-110", 4, C),
    ("SYS-120", "Cooling Water Loop Süd", "system", "U-100", 4, C),
    ("P-121A", "Kühlwasserpumpe A", "pump", "SYS-120", 4, C),
    ("P-121B", "Kühlwasserpumpe B", "pump", "SYS-120", 3, C),
    ("F-121", "Cooling Tower Fan", "fan", "SYS-120", 3, W),
    ("G-121", "Cooling Tower Fan Gearbox", "gearbox", "SYS-120", 3, W),
    ("U-200", "Unit 200 Utilities", "unit", "HAM", 3, C),
    ("SYS-210", "Instrument Air", "system", "U-200", 5, C),
    ("K-201", "Instrument Air Compressor 1", "compressor", "SYS-210", 5, C),
    ("K-202", "Instrument Air Compressor 2", "compressor", "SYS-210", 4, C),
    ("M-201", "Instrument Air Compressor 1 Motor", "motor", "SYS-210", 4, C),
    ("E-201", "Compressor Aftercooler", "heat exchanger", "SYS-210", 2, C),
    ("F-201", "Compressor House Ventilation Fan", "fan", "SYS-210", 2, W),
    ("P-203", "Condensate Return Pump", "pump", "SYS-210", 3, C),
    ("SYS-220", "Kälteversorgung (Chilled Water)", "system", "U-200", 3, W),
    ("CH-221", "Chiller 1", "chiller", "SYS-220", 3, W),
    ("CH-222", "Chiller 2", "chiller", "SYS-220", 3, W),
    ("P-221", "Chilled Water Pump", "pump", "SYS-220", 3, C),
    ("M-221", "Chilled Water Pump Motor", "motor", "SYS-220", 2, C),
    # Houston
    ("U-300", "Unit 300 Reaction", "unit", "HOU", 5, C),
    ("SYS-310", "Monomer Feed", "system", "U-300", 5, C),
    ("P-301A", "Monomer Charge Pump A", "pump", "SYS-310", 5, C),
    ("P-301B", "Monomer Charge Pump B", "pump", "SYS-310", 4, C),
    ("M-301A", "Monomer Charge Pump A Motor", "motor", "SYS-310", 4, C),
    ("M-301B", "Monomer Charge Pump B Motor", "motor", "SYS-310", 3, C),
    ("E-301", "Reactor Feed/Effluent Exchanger", "heat exchanger", "SYS-310", 4, C),
    ("SYS-320", "Reactor R-320 and Overhead", "system", "U-300", 5, C),
    ("AG-301", "Reactor Agitator", "agitator", "SYS-320", 5, C),
    ("G-301", "Reactor Agitator Gearbox", "gearbox", "SYS-320", 5, C),
    ("P-302A", "Quench Water Pump A", "pump", "SYS-320", 4, C),
    ("P-302B", "Quench Water Pump B", "pump", "SYS-320", 3, C),
    ("F-301", "Overhead Air Cooler Fan", "fan", "SYS-320", 3, W),
    ("U-400", "Unit 400 Gas Compression and Shipping", "unit", "HOU", 4, C),
    ("SYS-410", "Vent Gas Recovery", "system", "U-400", 5, C),
    ("K-401", "Vent Gas Compressor", "compressor", "SYS-410", 5, C),
    ("G-401", "Vent Gas Compressor Gearbox", "gearbox", "SYS-410", 4, C),
    ("M-401", "Vent Gas Compressor Main Motor", "motor", "SYS-410", 5, C),
    ("E-401", "Interstage Cooler", "heat exchanger", "SYS-410", 3, C),
    ("F-401", "Interstage Cooler Fan", "fan", "SYS-410", 3, W),
    ("SYS-420", "Tank Farm and Rail Loading", "system", "U-400", 2, S),
    ("P-411", "Rail Loading Pump North", "pump", "SYS-420", 3, S),
    ("P-412", "Rail Loading Pump South", "pump", "SYS-420", 3, S),
    ("M-411", "Rail Loading Pump North Motor", "motor", "SYS-420", 2, S),
    ("F-402", "Vapor Recovery Blower", "fan", "SYS-420", 3, C),
    ("CV-421", "Sulfur Pellet Conveyor", "conveyor", "SYS-420", 2, S),
    # Pune
    ("U-500", "Unit 500 Polymer Finishing", "unit", "PUN", 3, S),
    (
        "SYS-510",
        "Material Handling, Drying and Pneumatic Transfer from Silo 1-6 to Bagging Hall East",
        "system", "U-500", 3, S,
    ),
    ("CV-501", "Raw Material Intake Conveyor", "conveyor", "SYS-510", 3, S),
    ("CV-502", "Dryer Feed Conveyor", "conveyor", "SYS-510", 3, S),
    ("CV-503", "Dryer Discharge Conveyor", "conveyor", "SYS-510", 3, S),
    ("CV-504", "Bagging Line Conveyor (बैगिंग लाइन)", "conveyor", "SYS-510", 2, S),
    ("G-501", "Dryer Drive Gearbox", "gearbox", "SYS-510", 4, S),
    ("M-501", "Dryer Drive Motor", "motor", "SYS-510", 4, S),
    ("F-501", "Dust Extraction Fan", "fan", "SYS-510", 4, S),
    ("SYS-520", "Process Water", "system", "U-500", 3, C),
    ("P-501", "Process Water Pump", "pump", "SYS-520", 4, C),
    ("P-505", "Hot Water Circulation Pump", "pump", "SYS-520", 3, C),
    ("E-501", "Process Water Heater", "heat exchanger", "SYS-520", 2, C),
    ("U-600", "Unit 600 Power House", "unit", "PUN", 4, C),
    ("SYS-610", "Power Generation", "system", "U-600", 4, C),
    ("GN-601", "Gas Engine Generator 1", "generator", "SYS-610", 5, C),
    ("GN-602", "Gas Engine Generator 2", "generator", "SYS-610", 4, C),
    ("GN-603", "Gas Engine Generator 3", "generator", "SYS-610", 3, C),
    ("K-601", "Plant Air Compressor 1", "compressor", "SYS-610", 3, C),
    ("K-602", "Plant Air Compressor 2", "compressor", "SYS-610", 3, C),
    ("SYS-620", "HVAC and Chilled Water", "system", "U-600", 2, W),
    ("CH-621", "Absorption Chiller", "chiller", "SYS-620", 3, W),
    ("P-621", "Chilled Water Pump 1", "pump", "SYS-620", 3, C),
    ("P-622", "Chilled Water Pump 2", "pump", "SYS-620", 2, C),
    ("F-621", "Control Room Supply Air Fan", "fan", "SYS-620", 3, C),
    ("E-621", "Jacket Water Heat Exchanger", "heat exchanger", "SYS-620", 2, C),
)  # fmt: skip

Relation = Literal["feeds", "powers", "backs_up"]

RELATIONS: tuple[tuple[str, Relation, str], ...] = (
    ("M-101A", "powers", "P-101A"), ("M-101B", "powers", "P-101B"),
    ("P-101B", "backs_up", "P-101A"), ("P-101A", "feeds", "E-101"), ("P-101B", "feeds", "E-101"),
    ("P-121A", "feeds", "E-102"), ("P-121B", "backs_up", "P-121A"), ("G-121", "powers", "F-121"),
    ("M-201", "powers", "K-201"), ("K-202", "backs_up", "K-201"), ("K-201", "feeds", "E-201"),
    ("CH-222", "backs_up", "CH-221"), ("P-221", "feeds", "CH-221"), ("M-221", "powers", "P-221"),
    ("M-301A", "powers", "P-301A"), ("M-301B", "powers", "P-301B"),
    ("P-301B", "backs_up", "P-301A"), ("P-301A", "feeds", "E-301"), ("E-301", "feeds", "AG-301"),
    ("G-301", "powers", "AG-301"), ("P-302B", "backs_up", "P-302A"), ("P-302A", "feeds", "AG-301"),
    ("M-401", "powers", "G-401"), ("G-401", "powers", "K-401"), ("K-401", "feeds", "E-401"),
    ("M-411", "powers", "P-411"), ("P-412", "backs_up", "P-411"),
    ("CV-501", "feeds", "CV-502"), ("CV-502", "feeds", "CV-503"), ("CV-503", "feeds", "CV-504"),
    ("M-501", "powers", "G-501"), ("P-501", "feeds", "E-501"), ("E-501", "feeds", "P-505"),
    ("GN-601", "powers", "M-501"), ("GN-602", "backs_up", "GN-601"),
    ("GN-603", "backs_up", "GN-602"), ("K-602", "backs_up", "K-601"),
    ("P-621", "feeds", "CH-621"), ("P-622", "backs_up", "P-621"),
)  # fmt: skip

GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Critical rotating equipment",
        "No spare on the shelf; a stop here stops the unit.",
        ("P-101A", "K-201", "P-301A", "AG-301", "G-301", "K-401", "M-401", "GN-601"),
    ),
    (
        "Vibration route 1, Süd",
        "Walked with the hand-held analyzer on the first Tuesday of the month.",
        ("P-101A", "P-101B", "P-121A", "P-121B", "F-121", "K-201", "K-202", "P-203", "P-221"),
    ),
    (
        "Cooling and chilled water",
        "Legionella round and water treatment.",
        ("P-121A", "P-121B", "F-121", "CH-221", "CH-222", "P-221", "CH-621", "P-621", "P-622"),
    ),
    (
        "Polymer line, bagging hall east",
        "Stops together for the changeover of grades.",
        ("CV-501", "CV-502", "CV-503", "CV-504", "G-501", "M-501", "F-501"),
    ),
)

# username, full name, home site, skills, hourly cost in USD, weekly capacity in hours
TECHNICIANS: tuple[tuple[str, str, str, tuple[str, ...], str, int], ...] = (
    ("technician", "Jürgen Weiß", "HAM", ("mechanical", "lubrication"), "58.00", 38),
    ("a.kowalczyk", "Agnieszka Kowalczyk", "HAM", ("electrical", "instrumentation"), "62.50", 38),
    ("h.yildirim", "Hasan Yıldırım", "HAM", ("refrigeration", "mechanical"), "56.00", 35),
    ("d.robinson", "Darnell Robinson", "HOU", ("mechanical", "lubrication"), "64.00", 40),
    ("m.nguyen", "Mai Nguyễn", "HOU", ("electrical", "instrumentation"), "67.00", 40),
    ("c.oconnor", "Siobhán O'Connor-Villarreal", "HOU", ("inspection", "vibration"), "71.00", 32),
    ("p.kulkarni", "Prakash Kulkarni", "PUN", ("mechanical", "lubrication"), "22.00", 45),
    ("a.deshpande", "Anjali Deshpāṇḍe", "PUN", ("electrical", "inspection"), "26.00", 45),
)
